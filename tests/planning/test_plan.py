"""The planner: what it counts is what tensors take, how devices share it, and what a refusal advises."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import tokenize
from r1tailor.errors import ModelUnavailableError
from r1tailor.model import families, load
from r1tailor.objective.supervised import summed_loss
from r1tailor.optimization import optimizer
from r1tailor.planning.memory_trace import Row
from r1tailor.planning.plan import Plan, plan, size, worst_row
from r1tailor.planning.precision import compute_dtype
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from tests.conftest import ROOT
from tests.support.commands import Done
from tests.support.planning import ROW, TOYS, planned


@pytest.mark.parametrize("model", TOYS)
@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("changes", [[], ["optimizer=sgd"], ["optimizer=sgd", "optimizer.arguments={}"]])
def test_weights_gradients_and_state_are_those_of_a_real_step(model: str, strategy: str, changes: list[str]) -> None:
    settings = config.load([f"model={model}", f"strategy={strategy}", *changes])
    chosen = open_strategy(settings.strategy)
    compute = compute_dtype(settings)
    real = chosen.apply(load.load_model(settings.model, ROOT, chosen.base_dtype(compute), 1)).train()
    with torch.autocast("cpu", compute, enabled=compute != torch.float32):
        torch.autograd.backward(summed_loss(real, ROW.micro_batch(), 0.1))
    built = optimizer.build(real, settings)
    built.step()
    found = plan(settings, ROOT, row=ROW)
    trained = [parameter for parameter in real.parameters() if parameter.requires_grad]
    assert found.weights == sum(parameter.nbytes for parameter in real.parameters())
    assert found.trained == sum(parameter.numel() for parameter in trained)
    assert found.gradients == sum(parameter.grad.nbytes for parameter in trained if parameter.grad is not None)
    states = [value for state in built.state.values() for value in state.values() if isinstance(value, torch.Tensor)]
    assert found.optimizer == sum(value.nbytes for value in states)


def test_fsdp_divides_what_lasts_and_ddp_repeats_it() -> None:
    alone = planned("model=tiny_llama", "strategy=full")
    ddp = planned("model=tiny_llama", "strategy=full", "trainer.parallel=ddp", "trainer.devices=4")
    fsdp = planned("model=tiny_llama", "strategy=full", "trainer.parallel=fsdp", "trainer.devices=4")
    assert (ddp.weights, ddp.optimizer) == (alone.weights, alone.optimizer)
    assert ddp.gradients == alone.gradients  # they lie in the buckets that they are reduced through
    for name in ("weights", "gradients", "optimizer"):
        assert getattr(fsdp, name) == -(-getattr(alone, name) // 4)
    assert fsdp.activations == ddp.activations == alone.activations
    assert fsdp.copies > alone.parameters  # with so few layers most of the model is gathered at once


def test_a_step_of_several_micro_batches_holds_its_gradients_meanwhile() -> None:
    toy, row = ("model=tiny_llama", "strategy=full", "trainer.precision=fp32"), Row(positions=64, width=32)
    several = planned(*toy, row=row)
    once = planned(*toy, "trainer.batch_size=1", "trainer.max_length=64", row=row)
    assert several.reused == 0
    assert once.reused < 0
    assert once.total < several.total


def test_the_worst_row_is_bounded_by_budget_step_and_longest_example() -> None:
    def worst(*overrides: str, examples: int | None = None) -> int:
        return worst_row(
            config.load(["model=tiny_llama", "trainer.batch_size=16", "trainer.micro_batch_tokens=2048", *overrides]),
            examples,
        ).positions

    assert worst() == 2048
    assert worst("trainer.max_length=64") == 16 * 64
    assert worst("trainer.max_length=64", examples=5) == 5 * 64
    assert worst("trainer.max_length=64", "trainer.parallel=ddp", "trainer.devices=8") == 2 * 64
    assert worst("trainer.micro_batch_tokens=100") == 512


def test_r1_is_planned_without_the_hub() -> None:
    found = planned("model=r1", "trainer=fsdp", "trainer.devices=16", row=Row(512, 64))
    assert found.parameters == pytest.approx(671e9, rel=0.001)
    assert found.weights == pytest.approx(found.parameters * 2 / 16, rel=0.001)
    assert found.trained < found.parameters / 1000


def test_an_unlisted_architecture_that_cannot_be_had_is_said() -> None:
    settings = config.load(["model=r1", "model.hub_id=nobody/nothing"])
    with pytest.raises(ModelUnavailableError, match="model r1 cannot be had"):
        plan(settings, ROOT)


def similar(number: int, length: int) -> list[Example]:
    """Return examples of nearly one length."""
    return [
        Example(f"e{i}", "Name the group.", f"item {i} " + "of length " * length, "alpha beta") for i in range(number)
    ]


MEASURED = """
import json, pathlib, resource, sys, tempfile
from r1tailor import config
from tests.support.training import trained
from tests.planning.test_plan import similar
with tempfile.TemporaryDirectory() as folder:
    settings = config.load(json.loads(sys.argv[1]))
    parts = {"train": similar(settings.trainer.batch_size * 2, int(sys.argv[2])), "validation": similar(4, 2)}
    trained(settings, parts, pathlib.Path(folder))
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def row_of(batch: MicroBatch) -> Row:
    """Return the shape of a real micro-batch, with its largest rectangle standing for all."""
    largest = max(batch.segments, key=lambda segment: segment.examples * segment.width)
    shared = sum(batch.segments[index].width for index in largest.context)
    return Row(int(batch.input_ids.numel()), largest.width, shared)


# Large enough that two thirds of the peak are what the plan counts, small enough for a few seconds of training.
MEASURABLE = ["model=tiny_llama", "model.hidden_size=640", "model.layers=10", "trainer.max_steps=2"]
MEASURABLE += ["trainer.batch_size=32", "trainer.max_length=128", "trainer.micro_batch_tokens=1700"]
MEASURABLE += ["trainer.precision=fp32"]  # on a busy machine two processes could find different precisions to be faster


RECOMPUTED = "trainer.gradient_checkpointing=true"


@pytest.mark.parametrize(
    "overrides",
    [["strategy.target_modules=all_linear"], ["strategy=full"], ["strategy.target_modules=all_linear", RECOMPUTED]],
)
def test_the_plan_is_within_10_percent_of_the_measured_peak(
    run_command: Callable[..., Done], overrides: list[str]
) -> None:
    length, given = 6, [*MEASURABLE, *overrides]
    settings = config.load(given)
    done = run_command("-c", MEASURED, json.dumps(given), str(length), PYTHONPATH=f"{ROOT / 'src'}:{ROOT}")
    assert done.code == 0, done.err
    peak = int(done.out.rsplit("peak ", 1)[1])
    tokens = tokenize(similar(32, length), load.load_tokenizer(settings.model, ROOT), 128).examples
    rows = [row_of(batch) for batch in pack(tokens, settings.trainer.micro_batch_tokens, 0)]
    found = plan(settings, ROOT, row=max(rows, key=lambda row: row.positions))
    print(overrides, rows, f"measured {size(peak)}, planned {size(found.total)}: {found.total / peak - 1:+.1%}")
    assert found.process < 0.55 * found.total
    assert found.total == pytest.approx(peak, rel=0.10)


def test_a_gpu_run_takes_host_memory_for_the_weights_of_each_process() -> None:
    toy = ("model=tiny_llama", "trainer.devices=4", "trainer.precision=bf16")
    assert planned(*toy, "trainer.parallel=ddp").host == 0
    ddp, fsdp = (planned(*toy, "trainer.accelerator=gpu", f"trainer.parallel={name}") for name in ("ddp", "fsdp"))
    assert ddp.host >= ddp.weights + 500 * 2**20, "each reads the whole weights"
    assert 500 * 2**20 < fsdp.host < ddp.host, "each reads its rows of a mapped file"


def test_weights_in_four_bits_are_counted_as_such(tmp_path: Path) -> None:
    def local(name: str, **described: object) -> Plan:
        config_ = families.tiny_config(config.load(["model=tiny_llama", "model.hidden_size=256"]).model)
        if described:
            config_.quantization_config = described
        config_.save_pretrained(tmp_path / name)
        return planned("model=local", f"model.path={tmp_path / name}", "trainer.precision=bf16")

    whole, four = local("whole"), local("four", quant_method="bitsandbytes", load_in_4bit=True)
    linear = sum(
        module.weight.numel()
        for name, module in load.skeleton(load.load_config(_local(tmp_path / "whole").model, ROOT)).named_modules()
        if isinstance(module, nn.Linear) and name != "lm_head"
    )
    assert whole.weights - four.weights == pytest.approx(linear * (2 - 4.5 / 8), rel=1e-3)
    assert (four.parameters, four.trained, four.activations) == (whole.parameters, whole.trained, whole.activations)
    assert whole.total - four.total < whole.weights - four.weights, "one weight at a time is restored"
    assert local("eight", quant_method="fp8").weights == whole.weights


def _local(folder: Path) -> Settings:
    return config.load(["model=local", f"model.path={folder}"])
