"""Bytes counted over fake tensors are those of a real step."""

import pytest
import torch
from transformers import SmolLM3Config

from r1tailor import config
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.planning import memory_trace
from r1tailor.planning.memory_trace import rehearse
from r1tailor.strategy import open_strategy
from tests.conftest import ROOT
from tests.support.planning import LARGER, ROW, TOYS, planned


@pytest.mark.parametrize("model", TOYS)
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_what_is_held_for_the_backward_pass_is_what_a_real_forward_saves(model: str, strategy: str) -> None:
    """It fails too when a loaded model differs from the one that is rehearsed."""
    settings = config.load([f"model={model}", f"strategy={strategy}", "trainer.precision=fp32"])
    chosen = open_strategy(settings.strategy)
    real = chosen.apply(load.load_model(settings.model, ROOT, torch.float32, 1)).train()
    own = {parameter.untyped_storage().data_ptr() for parameter in real.parameters()}
    saved: dict[int, torch.UntypedStorage] = {}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        loss = summed_loss(real, ROW.micro_batch(), 0.1)
    kept = sum(storage.nbytes() for address, storage in saved.items() if address not in own)
    assert loss.requires_grad
    hidden = real.config.hidden_size * 4
    of_the_loss = (ROW.positions - ROW.shared) * (2 * hidden + 8)
    counted = rehearse(settings, ROOT, ROW, accumulates=False)["activations"]
    assert counted == pytest.approx(kept, rel=0.05, abs=of_the_loss)


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_layers_computed_again_keep_their_inputs_alone(strategy: str) -> None:
    given = [*LARGER, f"strategy={strategy}"]
    kept = planned(*given), planned(*given, "trainer.gradient_checkpointing=true")
    assert kept[1].lasting == kept[0].lasting
    assert kept[1].activations < kept[0].activations / 4


def test_layers_left_out_are_added_exactly() -> None:
    grown = [planned("model=tiny_llama", f"model.layers={layers}").activations for layers in (2, 3, 6)]
    assert grown[2] - grown[1] == 3 * (grown[1] - grown[0])


def test_planning_leaves_no_fake_tensor_behind() -> None:
    planned("model=tiny_llama")
    real = load.load_model(config.load(["model=tiny_llama"]).model, ROOT, torch.float32, 1)
    assert torch.isfinite(summed_loss(real, ROW.micro_batch(), 0.0))


def test_what_a_configuration_lists_for_each_layer_follows_their_number() -> None:
    """SmolLM3 lists which layers have no rotary embedding, and so does the one with more layers than it has."""
    few, more, total = memory_trace._layers(SmolLM3Config(num_hidden_layers=2, no_rope_layers=[1, 0]))
    assert (few.no_rope_layers, more.no_rope_layers, total) == ([1, 0], [1, 0, 0], 2)
    assert len(more.layer_types) == 3
