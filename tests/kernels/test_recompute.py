"""What a step keeps for its backward pass, layer by layer: nothing that can be had again in one pass."""

from typing import Any

import pytest
import torch

from r1tailor import config
from r1tailor.batching.packing import MicroBatch
from r1tailor.kernels.recompute import origin_of, remember
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.planning.memory_trace import Row
from r1tailor.strategy import open_strategy

LORA = ["strategy=lora", "strategy.target_modules=all_linear", "strategy.dropout=0.1"]


def kept_bytes(strategy: list[str], layers: int) -> tuple[int, MicroBatch, Any]:
    """Bytes of distinct storages, weights apart, that one forward pass saves."""
    settings = config.load(["model=tiny_llama", *strategy, f"model.layers={layers}"])
    base = load.load_model(settings.model, config.ROOT, torch.float32, 1)
    model = open_strategy(settings.strategy).apply(base).train()
    batch = Row(positions=256, width=32).micro_batch()
    saved: dict[int, torch.UntypedStorage] = {}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        loss = summed_loss(model, batch, 0.0)
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    assert loss.requires_grad
    return sum(part.nbytes() for address, part in saved.items() if address not in weights), batch, model


@pytest.mark.parametrize("strategy", [LORA, ["strategy=full"]], ids=["lora", "full"])
def test_a_layer_keeps_its_norms_heads_gate_and_up_and_nothing_that_follows_from_them(strategy: list[str]) -> None:
    (more, batch, model), (few, _, _) = kept_bytes(strategy, 3), kept_bytes(strategy, 2)
    shape, rank = model.config, 16
    heads, groups = shape.num_attention_heads, shape.num_key_value_heads
    size = getattr(shape, "head_dim", None) or shape.hidden_size // heads
    width, inner = shape.hidden_size, shape.intermediate_size
    floats = (
        2 * (width + 1)  # each norm: the input normalised, and its length
        + (heads + 2 * groups) * size  # queries, keys, values
        + heads * 32  # weights of attention over the 32 positions of an example
        + heads * size  # what was attended to
        + 2 * inner  # gate and up
    )
    positions = batch.input_ids.shape[1]
    allowed = positions * 4 * floats
    if strategy is LORA:
        allowed += positions * 4 * 7 * rank  # the adapters' narrow intermediates
        allowed += positions * (2 * width + heads * size + inner)  # masks of dropout: a byte an element
        allowed += 4 * rank * (3 + 2) * width  # matrices A of layers computed together, one below the other
    assert more - few <= allowed


def test_an_output_says_how_it_can_be_had_again() -> None:
    a, b = torch.ones(2), torch.full((2,), 3.0)
    product = remember(a * b, torch.mul, a, b)
    origin = origin_of(product)
    assert torch.equal(origin.function(*origin.tensors), product)
    itself = origin_of(a)
    assert itself.function(*itself.tensors) is a
