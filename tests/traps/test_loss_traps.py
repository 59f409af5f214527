"""Traps 1, 2, 3, 16 and 17: the loss of a step, its gradient, and what one example knows of another.

Trap 14 (merge and quantise) is not here: compression does not exist yet.
"""

import dataclasses
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels import attention, cross_entropy
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import load
from r1tailor.model.head import Head
from r1tailor.objective import supervised as loss_of
from r1tailor.objective.supervised import log_likelihoods, summed_loss
from r1tailor.strategy import open_strategy
from r1tailor.training.module import TailorModule
from tests.batching.test_packing import PADDING, gradients, layout_of, one_by_one, packed, prepared, random_ids
from tests.training.test_module import FP32, Watch, run, varied
from tests.traps.shown import shown

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")
STILL = ("optimizer=sgd", "optimizer.lr=1e-12", "curriculum=by_length", "trainer.batch_size=8", "strategy.dropout=0.0")


# --- 1 and 2: accumulation ---------------------------------------------------------------------------------------


def check_accumulation(smoothing: float) -> None:
    """8 examples at once, in two or more parts and one by one, the last step short: one gradient, torch's own."""
    options = [*FP32, *STILL, f"trainer.label_smoothing={smoothing}", "trainer.gradient_clip=null"]
    watched = {budget: Watch() for budget in (100_000, 230, 1)}
    for budget, watch in watched.items():
        run(config.load([*options, f"trainer.micro_batch_tokens={budget}"]), varied(19), watch)
    assert [watch.micro_batches for watch in watched.values()][::2] == [[1, 1, 1], [8, 8, 3]], "as the trap needs it"
    for step, members in enumerate(_members(varied(19))):
        reference = _gradient_of_torch(members, smoothing)
        for watch in watched.values():
            for name, gradient in watch.gradients[step].items():
                error = float((gradient - reference[name]).norm() / (reference[name].norm() + 1e-8))
                assert error < 1e-5, f"{name} depends on how step {step} is cut"
    whole, *parts = (watch.gradients for watch in watched.values())
    for cut in parts:
        for ours, theirs in zip(whole, cut, strict=True):
            assert all((theirs[n] - g).norm() <= 1e-6 * g.norm() + 1e-8 for n, g in ours.items()), "beyond rounding"


def _members(examples: list[TokenizedExample]) -> list[list[TokenizedExample]]:
    by_length = sorted(examples, key=len)
    return [by_length[i : i + 8] for i in range(0, len(by_length), 8)]


def _gradient_of_torch(members: list[TokenizedExample], smoothing: float) -> dict[str, Tensor]:
    """Return the gradient of the mean over supervised tokens, by F.cross_entropy on each example alone."""
    settings = config.load([*FP32, "strategy.dropout=0.0"])
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    base.set_attn_implementation("eager")
    torch.manual_seed(5)
    model = open_strategy(settings.strategy).apply(base)
    _, found = one_by_one(model, members, smoothing)
    tokens = sum(len(example.response) for example in members)
    return {f"model.{name}": gradient / tokens for name, gradient in found.items()}


def mean_of_means(divisor: int | None, patched: pytest.MonkeyPatch) -> None:
    """Each micro-batch divides by its own tokens; the sum is divided by their number, or by a constant window."""

    def step(self: Any, batch: list[MicroBatch], batch_idx: int) -> None:  # noqa: ANN401
        for micro in batch:
            mean = summed_loss(self.model, micro, self.settings.trainer.label_smoothing) / micro.supervised
            self.manual_backward(mean / (divisor or len(batch)))
        self.optimizers().step()
        self.optimizers().zero_grad()

    patched.setattr(TailorModule, "training_step", step)


def smoothing_by_micro_batch(patched: pytest.MonkeyPatch) -> None:
    """The smoothed part is a mean over the micro-batch's tokens, added to a sum."""

    def loss(model: nn.Module, batch: MicroBatch, label_smoothing: float) -> Tensor:
        hard, smoothed = summed_loss(model, batch, 0.0), summed_loss(model, batch, 1.0)
        return (1 - label_smoothing) * hard + label_smoothing * smoothed / batch.supervised

    patched.setattr(loss_of, "summed_loss", loss)


@pytest.mark.parametrize("divisor", [None, 8], ids=["the mean of means", "a window divided as if it were whole"])
def test_trap_1_the_gradient_of_a_step_does_not_depend_on_its_micro_batches(divisor: int | None) -> None:
    shown(lambda: check_accumulation(0.0), partial(mean_of_means, divisor), "depends on how step 0 is cut")


def test_trap_2_label_smoothing_is_torchs_under_accumulation() -> None:
    shown(lambda: check_accumulation(0.1), smoothing_by_micro_batch, "depends on how step 0 is cut")


# --- 3: chunked loss x smoothing x LoRA x LoRA on lm_head --------------------------------------------------------


def check_matrix() -> None:
    """Blocks of positions, with and without smoothing, adapters, and an adapter on the head: as without blocks."""
    for options in (["strategy=full"], ["strategy.dropout=0.0"], ["strategy.dropout=0.0", _WITH_HEAD]):
        settings = config.load(["model=tiny_llama", *options])
        base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
        ours, plain = prepared(open_strategy(settings.strategy).apply(base))
        assert any("lm_head" in name for name in gradients(ours)) == (options[-1] != "strategy.dropout=0.0")
        for smoothing in (0.0, 0.1):
            (loss, mine), (reference, theirs) = (
                packed(ours, list(pack(_MANY, 4096, PADDING)), smoothing),
                one_by_one(plain, _MANY, smoothing),
            )
            assert loss == pytest.approx(reference, rel=1e-5), f"the loss differs with smoothing {smoothing}"
            for name, gradient in mine.items():
                error = float((theirs[name] - gradient).norm() / (theirs[name].norm() + 1e-8))
                assert error < 1e-5, f"the gradient differs for {name}"


_WITH_HEAD = "strategy.target_modules=[q_proj,lm_head]"
_MANY = [TokenizedExample(str(i), random_ids(9, i), random_ids(40 + i, 50 + i)) for i in range(8)]  # more than a block


def head_without_its_adapter(patched: pytest.MonkeyPatch) -> None:
    original = loss_of.hidden_and_head

    def bare(model: nn.Module, batch: MicroBatch) -> tuple[Tensor, Head]:
        hidden, head = original(model, batch)
        layer = unwrapped(model).get_output_embeddings()
        head.weight = getattr(layer, "base_layer", layer).weight
        return hidden, head

    patched.setattr(loss_of, "hidden_and_head", bare)


def blocks_without_smoothing(patched: pytest.MonkeyPatch) -> None:
    original = cross_entropy.add_cross_entropy
    hard = lambda total, rows, labels, _: original(total, rows, labels, 0.0)  # noqa: E731
    patched.setattr(cross_entropy, "add_cross_entropy", hard)


def a_block_left_out(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(cross_entropy, "len", lambda labels: min(labels.numel(), cross_entropy.BLOCK), raising=False)


@pytest.mark.parametrize("fault", [head_without_its_adapter, blocks_without_smoothing, a_block_left_out])
def test_trap_3_blocks_smoothing_and_adapters_on_the_head_go_together(fault: Any) -> None:  # noqa: ANN401
    shown(check_matrix, fault, r"the (loss|gradient) differs")


# --- 16: packed examples -----------------------------------------------------------------------------------------


def check_isolation() -> None:
    """Another example in the row moves the likelihoods of the others by not one bit."""
    settings = config.load(["model=tiny_llama"])
    model = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    before = layout_of("no prefix")
    prompt, response = before[0].prompt, before[0].response
    after = [TokenizedExample("0", (prompt[0], *random_ids(len(prompt) - 1, 998)), response), *before[1:]]
    (first,), (second,) = pack(before, 10_000, PADDING), pack(after, 10_000, PADDING)
    assert first.segments == second.segments
    with torch.no_grad():
        one, two = log_likelihoods(model, first), log_likelihoods(model, second)
    moved = {member for member, a, b in zip(first.members, one, two, strict=True) if not torch.equal(a, b)}
    assert moved == {0}, f"changing example 0 moved {sorted(moved)}"


def one_causal_row(patched: pytest.MonkeyPatch) -> None:
    """Attention over a packed row as over one text: what a mask gives that knows no examples."""

    def leaky(_: nn.Module, query: Tensor, key: Tensor, value: Tensor, *__: object, **more: Any) -> tuple[Tensor, None]:  # noqa: ANN401
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=more["scaling"], enable_gqa=True)
        return seen.transpose(1, 2), None

    patched.setitem(AttentionInterface._global_mapping, attention.PACKED_ROWS, leaky)


def test_trap_16_packed_examples_do_not_see_each_other() -> None:
    shown(check_isolation, one_causal_row, r"changing example 0 moved \[0, 1")


# --- 17: likelihoods ---------------------------------------------------------------------------------------------


class HeadAlone(nn.Module):
    """A causal model whose layers always give the same hidden states [S, D]."""

    base_model_prefix = "model"

    def __init__(self, head: nn.Linear, hidden: Tensor) -> None:
        super().__init__()
        self.lm_head, self.hidden = head, hidden

    def model(self, **_: object) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=self.hidden[None])

    def forward(self, **read: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.lm_head(self.model(**read).last_hidden_state))

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head


def check_likelihoods() -> None:
    """bf16 logits of any size give finite likelihoods of the *next* tokens, exact to fp32."""
    head = nn.Linear(8, 40, bias=False).to(torch.bfloat16)
    nn.init.normal_(head.weight, std=30.0, generator=torch.Generator().manual_seed(4))
    hidden = torch.randn(12, 8, generator=torch.Generator().manual_seed(6)).to(torch.bfloat16)
    causal = HeadAlone(head, hidden)
    ids = torch.arange(12)[None]
    batch = MicroBatch(
        ids, ids, (), predictors=torch.arange(2, 11), labels=torch.arange(3, 12),
        owners=torch.tensor([0] * 5 + [1] * 4), members=(0, 1),
    )  # fmt: skip
    found = loss_of.log_likelihoods(causal, batch)
    exact = head(hidden).double().log_softmax(-1)[torch.arange(2, 11), torch.arange(3, 12)]
    wanted = torch.stack([exact[:5].sum(), exact[5:].sum()])
    assert bool(torch.isfinite(found).all()), "a likelihood is not finite"
    torch.testing.assert_close(found.double(), wanted, rtol=1e-6, atol=0.0, msg="the likelihoods are not exact")


def softmax_in_the_dtype_of_the_logits(model: nn.Module, batch: MicroBatch) -> Tensor:
    """As torchmetrics' Perplexity."""
    hidden, head = loss_of.hidden_and_head(model, batch)
    chosen = head(hidden).softmax(-1).gather(1, batch.labels[:, None])[:, 0].log()
    return torch.zeros(len(batch.members), dtype=chosen.dtype).index_add_(0, batch.owners, chosen)


def labels_not_shifted(model: nn.Module, batch: MicroBatch) -> Tensor:
    return log_likelihoods(model, dataclasses.replace(batch, predictors=batch.predictors + 1))


@pytest.mark.parametrize(
    ("fault", "said"),
    [(softmax_in_the_dtype_of_the_logits, "not finite"), (labels_not_shifted, "not exact")],
)
def test_trap_17_likelihoods_are_sums_in_fp32_of_shifted_labels(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_likelihoods, lambda patched: patched.setattr(loss_of, "log_likelihoods", fault), said)
