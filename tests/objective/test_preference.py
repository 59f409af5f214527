"""Packed pairs: the loss and gradients of one answer at a time on plain transformers, and DPO as it is written down."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lightning
import pytest
import torch
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.pairs import References, write_references
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.objective import open_objective
from r1tailor.schema.settings import Settings
from r1tailor.training.data import Steps, TailorData
from r1tailor.training.module import TailorModule
from tests.batching.test_packing import assert_equal, gradients, prepared
from tests.objective.test_distillation import student
from tests.training.test_module import Watch, varied

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")
BETA, WEIGHT, SMOOTHING = 0.7, 0.4, 0.1
OBJECTIVE = ("objective=preference", f"objective.beta={BETA}", f"objective.supervised={WEIGHT}")
OPTIONS = ("model=tiny_llama", "trainer.precision=fp32", "trainer.batch_size=19", *OBJECTIVE)


def composed(*overrides: str) -> Settings:
    return config.load([*OPTIONS, f"trainer.label_smoothing={SMOOTHING}", *overrides])


def examples(count: int = 19) -> list[TokenizedExample]:
    """Return examples of which every third has no rejected answer."""
    others = [one.response for one in varied(2 * count)[count:]]
    paired = [
        replace(one, rejected=TokenizedExample(one.id, one.prompt, (*other, 3)))
        for one, other in zip(varied(count), others, strict=True)
    ]
    return [replace(one, rejected=None) if index % 3 == 2 else one for index, one in enumerate(paired)]


def alone(model: nn.Module, one: TokenizedExample) -> Tensor:
    """Return [R] the log-probabilities of a response's tokens, from the whole model's logits."""
    logits = model(input_ids=torch.tensor([[*one.prompt, *one.response]]), use_cache=False).logits[0]
    return logits[len(one.prompt) - 1 : -1].log_softmax(1).gather(1, torch.tensor(one.response)[:, None])[:, 0]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> References:
    """What another model makes of the pairs."""
    _, model = prepared(load.load_model(config.load(["model=tiny_llama"]).model, config.ROOT, torch.float32, seed=8))
    path = tmp_path_factory.mktemp("pairs") / "references.json"
    with torch.no_grad():
        write_references(
            path,
            {},
            [
                (one, float(alone(model, one).sum()), float(alone(model, one.rejected).sum()))
                for one in examples()
                if one.rejected
            ],
        )
    return References(path)


def by_hand(model: nn.Module, told: Sequence[TokenizedExample], held: References) -> Tensor:
    """Return the loss of a step, one answer at a time: a mean over tokens and a mean over pairs."""
    hard, soft, pairs = [], [], []
    for one in told:
        logits = model(input_ids=torch.tensor([[*one.prompt, *one.response]]), use_cache=False).logits[0]
        likely = logits[len(one.prompt) - 1 : -1].log_softmax(1)
        hard.append(-likely.gather(1, torch.tensor(one.response)[:, None])[:, 0])
        soft.append(-likely.mean(1))
        if one.rejected:
            gained = -hard[-1].sum() - alone(model, one.rejected).sum() - held.of([one])[0]
            pairs.append(-torch.log(1 / (1 + torch.exp(-BETA * gained))))
    supervised = (1 - SMOOTHING) * torch.cat(hard).mean() + SMOOTHING * torch.cat(soft).mean()
    return WEIGHT * supervised + torch.stack(pairs).mean()


@pytest.mark.parametrize(
    ("strategy", "budget"),
    [
        (("lora",), 230),
        (("full",), 230),
        (("full",), 1),
        (("lora", "strategy.target_modules=[q_proj,lm_head]"), 10_000),
    ],
)
def test_packed_pairs_have_the_loss_and_gradients_of_one_answer_at_a_time(
    strategy: tuple[str, ...], budget: int, references: References
) -> None:
    options = (*strategy[1:], *(["strategy.dropout=0.0"] * (strategy[0] == "lora")))
    settings = composed(f"strategy={strategy[0]}", f"trainer.micro_batch_tokens={budget}", *options)
    ours, plain = prepared(student(settings))
    rows = next(iter(Steps(examples(), settings, 0, taught=references)))
    assert len(rows) == {1: 19, 10_000: 1}.get(budget, len(rows))
    assert budget != 230 or 1 < len(rows) < 19
    counts = torch.tensor([row.counts for row in rows]).sum(0)
    assert counts.tolist() == [sum(len(one.response) for one in examples()), sum(bool(e.rejected) for e in examples())]
    loss_of, total = open_objective(settings), 0.0
    for row in rows:
        loss = (loss_of(ours, row) / counts).sum()
        loss.backward()
        total += loss.item()
    reference = by_hand(plain, examples(), references)
    reference.backward()
    assert_equal((total, gradients(ours)), (reference.item(), gradients(plain)))


def test_one_step_of_training_takes_these_gradients(references: References) -> None:
    still = ("optimizer=sgd", "optimizer.lr=1e-12", "strategy=full", "trainer.micro_batch_tokens=230")
    settings, watch = composed(*still, "trainer.max_steps=1"), Watch()
    data = TailorData(examples(), [], settings, padding=0, taught=references)
    model = student(settings)
    _, plain = prepared(model)
    module = TailorModule(model, settings, 1)
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    some = {"accelerator": "cpu", "max_epochs": 1, "limit_val_batches": 0, "callbacks": [watch], **off}
    lightning.Trainer(**some).fit(module, datamodule=data)  # type: ignore[arg-type]
    loss = by_hand(plain, examples(), references)
    loss.backward()
    for name, gradient in gradients(plain).items():
        assert (watch.gradients[0][f"model.{name}"] - gradient).norm() <= 1e-5 * gradient.norm(), name


def test_at_the_reference_itself_each_pair_costs_log_two(tmp_path: Path) -> None:
    settings = composed("strategy=full", "objective.supervised=0")
    model, pairs = student(settings), [one for one in examples() if one.rejected]
    _, plain = prepared(model)
    with torch.no_grad():
        found = [(one, *(float(alone(plain, each).sum()) for each in (one, one.rejected))) for one in pairs]
        write_references(tmp_path / "r.json", {}, found)  # type: ignore[arg-type]
        (row,) = next(iter(Steps(pairs, settings, 0, taught=References(tmp_path / "r.json"))))
        sums = open_objective(settings)(model, row)
    torch.testing.assert_close(sums, torch.tensor([0.0, len(pairs) * 0.6931472]), rtol=1e-5, atol=1e-4)


def test_training_on_pairs_prefers_what_was_chosen(references: References) -> None:
    settings = composed("strategy=full", "objective.supervised=0")
    model = student(settings)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    (row,) = next(iter(Steps(examples(), settings, 0, taught=references)))
    losses = []
    for _ in range(4):
        loss = (open_objective(settings)(model, row) / torch.tensor(row.counts)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_rows_without_a_pair_are_trained_by_the_weighted_supervised_loss(references: References) -> None:
    settings, plain = composed(), config.load([*OPTIONS[:2], f"trainer.label_smoothing={SMOOTHING}"])
    model, told = student(settings), [replace(one, rejected=None) for one in examples(4)]
    (row,) = next(iter(Steps(told, settings, 0, taught=references)))
    (same,) = next(iter(Steps(told, plain, 0)))
    assert row.pairs is None
    found, wanted = open_objective(settings)(model, row), open_objective(plain)(model, same)
    torch.testing.assert_close(found, torch.stack([WEIGHT * wanted, torch.zeros(())]))
