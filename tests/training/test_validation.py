"""The validation loss: against one example at a time, in parts, and over two processes."""

import math
from collections.abc import Sequence
from typing import Any

import lightning
import pytest
import torch
from torch import Tensor
from torchmetrics import Metric

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.strategy import open_strategy
from r1tailor.training.data import TailorData
from r1tailor.training.module import TailorModule
from r1tailor.training.parallel import SummedGradients
from r1tailor.training.validation import ValidationLoss
from tests.support.processes import in_processes

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")
OPTIONS = ("model=tiny_llama", "trainer.precision=fp32", "trainer.micro_batch_tokens=24")
SHARES = {"a": frozenset({0, 3}), "b": frozenset({3, 8}), "none": frozenset[int]()}


def tokens(count: int = 9) -> list[TokenizedExample]:
    generator = torch.Generator().manual_seed(1)
    ids = [torch.randint(9, 200, (4 + i,), generator=generator).tolist() for i in range(count)]
    return [TokenizedExample(f"e{i}", (7, 7, *some[:-2]), tuple(some[-2:])) for i, some in enumerate(ids)]


@pytest.fixture(scope="module")
def judged() -> list[tuple[MicroBatch, Tensor]]:
    """Micro-batches with the log-likelihoods of a toy model."""
    model = load.load_model(config.load(list(OPTIONS)).model, config.ROOT, torch.float32, 1)
    with torch.inference_mode():
        return [(micro, log_likelihoods(model, micro)) for micro in pack(tokens(), 24, 0)]


def loss_of(judged: Sequence[tuple[MicroBatch, Tensor]]) -> ValidationLoss:
    loss = ValidationLoss(SHARES)
    for micro, likelihoods in judged:
        loss.update(micro, likelihoods)
    return loss


def values(loss: Metric) -> dict[str, float]:
    return {name: float(value) for name, value in loss.compute().items()}


def test_the_losses_of_the_shares_are_those_of_their_examples() -> None:
    settings, made = config.load(list(OPTIONS)), tokens()
    model = load.load_model(settings.model, config.ROOT, torch.float32, 1)
    loss = ValidationLoss(SHARES)
    with torch.inference_mode():
        for micro in pack(made, 60, 0):
            loss.update(micro, log_likelihoods(model, micro))
        alone = [-float(log_likelihoods(model, next(pack([example], 60, 0)))) for example in made]
    wanted = {"a": (alone[0] + alone[3]) / 4, "b": (alone[3] + alone[8]) / 4}
    assert values(loss) == pytest.approx({"validation_loss": sum(alone) / 18, **wanted}, rel=1e-5)
    loss.reset()
    loss.update(*_nothing())
    assert loss.compute().keys() == {"validation_loss"}, "shares without an example have no loss"
    assert math.isnan(loss.compute()["validation_loss"]), "nor have no examples at all"


def _nothing() -> tuple[MicroBatch, Tensor]:
    empty = torch.zeros(0, dtype=torch.long)
    return MicroBatch(empty[None], empty[None], (), empty, empty, empty, ()), torch.zeros(0)


def test_the_sums_are_those_of_python_floats_to_the_last_bit(judged: list[tuple[MicroBatch, Tensor]]) -> None:
    """fp32 within a micro-batch, fp64 over micro-batches: what published validation losses were computed with."""
    total, share = 0.0, 0.0
    for micro, likelihoods in judged:
        total -= float(likelihoods.sum())
        for index, value in zip(micro.members, likelihoods.tolist(), strict=True):
            share -= value if index in SHARES["b"] else 0.0
    found = loss_of(judged).compute()
    assert {value.dtype for value in found.values()} == {torch.float64}
    assert (float(found["validation_loss"]), float(found["b"])) == (total / 18, share / 4)


def test_the_order_of_micro_batches_does_not_matter(judged: list[tuple[MicroBatch, Tensor]]) -> None:
    assert len(judged) > 2
    assert values(loss_of(judged[::-1])) == pytest.approx(values(loss_of(judged)), rel=1e-12)


@pytest.mark.parametrize("cut", [0, 1], ids=["one process has no row", "shared out"])
def test_two_processes_have_the_loss_of_one(judged: list[tuple[MicroBatch, Tensor]], cut: int) -> None:
    def work(rank: int) -> dict[str, float]:
        return values(loss_of(judged[:cut] if rank else judged[cut:]))

    one, (first, second) = values(loss_of(judged)), in_processes(work)
    assert first == second, "every process takes the same decision to stop"
    assert first == pytest.approx(one, rel=1e-12)


def validated(examples: Sequence[TokenizedExample], processes: int) -> tuple[dict[str, float], float, int]:
    """Return what a validation through Lightning gives: the losses, what it logs, and the rows of this process."""
    settings = config.load(list(OPTIONS))
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    module = TailorModule(open_strategy(settings.strategy).apply(base), settings, 1, SHARES)
    data = TailorData(tokens(4), examples, settings, padding=0)
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    summing = SummedGradients(find_unused_parameters=False)
    parallel: Any = {"strategy": summing, "devices": processes} if processes > 1 else {}
    trainer = lightning.Trainer(accelerator="cpu", use_distributed_sampler=False, **parallel, **off)
    trainer.validate(module, datamodule=data, verbose=False)
    counted = module._validation.update_count
    return values(module._validation), float(trainer.callback_metrics["validation_loss"]), counted


@pytest.mark.parametrize("count", [9, 1], ids=["shared out", "one process has no row"])
def test_two_processes_share_the_validation_rows_and_log_the_loss_of_one(count: int) -> None:
    examples = tokens(count)
    losses, logged, rows = validated(examples, 1)
    (first, logged_first, some), (second, logged_second, others) = in_processes(lambda _: validated(examples, 2))
    assert some + others == rows, "each row is evaluated once"
    assert others == rows // 2
    assert first == second
    assert first == pytest.approx(losses, rel=1e-12)
    assert logged_first == logged_second == pytest.approx(logged, rel=1e-6)
