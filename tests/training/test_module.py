"""One optimizer step: its gradient, its schedule, its optimizer, and what happens when numbers are not finite."""

import contextlib
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import TrainingError
from r1tailor.model import load
from r1tailor.objective import supervised
from r1tailor.objective.supervised import summed_loss
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from r1tailor.training.checkpoint_io import FolderCheckpointIO
from r1tailor.training.data import TailorData
from r1tailor.training.module import TailorModule

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")
FP32 = ("model=tiny_llama", "trainer.precision=fp32", "trainer.max_steps=null")


def varied(count: int) -> list[TokenizedExample]:
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, 25, (count, 2), generator=generator).tolist()
    ids = [[torch.randint(9, 200, (n,), generator=generator).tolist() for n in pair] for pair in lengths]
    return [TokenizedExample(str(i), (7, 7, i, *prompt), tuple(answer)) for i, (prompt, answer) in enumerate(ids)]


class Watch(lightning.Callback):
    """Keeps the gradients of each optimizer step, before clipping, and the weights after each batch."""

    def __init__(self, at_start: Callable[[TailorModule, list[MicroBatch]], None] = lambda *_: None) -> None:
        self.gradients: list[dict[str, Tensor]] = []
        self.weights: list[dict[str, Tensor]] = []
        self.micro_batches: list[int] = []
        self._at_start = at_start

    def on_train_batch_start(self, _: object, pl_module: TailorModule, batch: list[MicroBatch], batch_idx: int) -> None:
        self.micro_batches.append(len(batch))
        if batch_idx == 0:
            self._at_start(pl_module, batch)

    def on_before_optimizer_step(self, _: object, pl_module: TailorModule, *__: object) -> None:
        self.gradients.append({n: p.grad.clone() for n, p in pl_module.named_parameters() if p.grad is not None})

    def on_train_batch_end(self, _: object, pl_module: TailorModule, *__: object) -> None:
        self.weights.append({name: tensor.clone() for name, tensor in pl_module.trained_state().items()})


def run(settings: Settings, examples: list[TokenizedExample], watch: Watch, *plugins: Any) -> TailorModule:  # noqa: ANN401
    data = TailorData(examples, [], settings, padding=0)
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    torch.manual_seed(5)
    module = TailorModule(open_strategy(settings.strategy).apply(base), settings, data.steps.total)
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    some: Any = {"accelerator": "cpu", "max_epochs": 1, "limit_val_batches": 0, "callbacks": [watch], **off}
    lightning.Trainer(plugins=[FolderCheckpointIO(), *plugins], **some).fit(module, datamodule=data)
    return module


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_gradients_do_not_depend_on_how_a_step_is_cut(strategy: str, smoothing: float) -> None:
    still = ("optimizer=sgd", "optimizer.lr=1e-12", "curriculum=by_length", "trainer.batch_size=8")
    options = [*FP32, *still, f"strategy={strategy}", f"trainer.label_smoothing={smoothing}"]
    options += ["strategy.dropout=0.0"] if strategy == "lora" else []
    watched = {budget: Watch() for budget in (100_000, 230, 1)}
    for budget, watch in watched.items():
        run(config.load([*options, f"trainer.micro_batch_tokens={budget}"]), varied(19), watch)
    whole, some, single = watched.values()
    assert whole.micro_batches == [1, 1, 1]
    assert single.micro_batches == [8, 8, 3], "the last step is short"
    assert 3 < sum(some.micro_batches) < 19
    assert len(whole.gradients) == 3
    for cut in (some, single):
        for ours, theirs in zip(whole.gradients, cut.gradients, strict=True):
            assert ours.keys() == theirs.keys()
            for name, gradient in ours.items():
                assert (theirs[name] - gradient).norm() <= 1e-6 * gradient.norm() + 1e-8, name


def test_the_first_step_runs_in_training_mode_with_live_dropout() -> None:
    def look(module: TailorModule, batch: list[MicroBatch]) -> None:
        assert all(part.training for part in module.modules())
        for name, parameter in module.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(parameter)
        losses = {summed_loss(module.model, batch[0], 0.0).item() for _ in range(4)}
        assert len(losses) == 4, "dropout draws anew each time"

    run(config.load([*FP32, "strategy.dropout=0.3", "trainer.max_steps=1"]), varied(4), watch := Watch(look))
    assert watch.micro_batches == [1], "and it was looked at"


def test_every_adapter_has_moved_after_three_steps() -> None:
    settings = config.load([*FP32, "strategy.target_modules=all_linear", "trainer.batch_size=4"])
    state = run(settings, varied(12), Watch()).trained_state()
    moved = [bool((tensor != 0).any()) for name, tensor in state.items() if "lora_B" in name]
    assert moved == [True] * (2 * 7)


def poison(monkeypatch: pytest.MonkeyPatch, what: str, steps: set[int]) -> None:
    """Make the loss or the gradient of some optimizer steps (one micro-batch each) not finite."""
    calls = iter(range(1000))

    def poisoned(model: nn.Module, batch: MicroBatch, label_smoothing: float) -> Tensor:
        loss = summed_loss(model, batch, label_smoothing)
        poisonous = next(calls) in steps
        if poisonous and what == "gradient":
            loss.register_hook(lambda gradient: gradient * float("inf"))
        return loss * float("nan") if poisonous and what == "loss" else loss

    monkeypatch.setattr(supervised, "summed_loss", poisoned)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_step_that_is_not_finite_changes_nothing_and_is_counted(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    poison(monkeypatch, what, {1, 3})
    module = run(config.load([*FP32, "trainer.batch_size=4"]), varied(20), watch := Watch())
    assert module.skipped_steps == 2
    pairs = zip(watch.weights, watch.weights[1:], strict=False)
    same = [all(torch.equal(before[name], after[name]) for name in before) for before, after in pairs]
    assert same == [True, False, True, False]
    assert all(bool(torch.isfinite(tensor).all()) for tensor in module.trained_state().values())


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_ten_steps_in_a_row_that_are_not_finite_end_the_run(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    settings = config.load([*FP32, "trainer.batch_size=1"])
    poison(monkeypatch, what, {*range(1, 10), *range(11, 20)})
    assert run(settings, varied(21), Watch()).skipped_steps == 18, "nine in a row, twice, are survived"
    poison(monkeypatch, what, set(range(1, 11)))
    with pytest.raises(TrainingError, match=f"the {what} was not finite 10 steps in a row; lower optimizer.lr"):
        run(settings, varied(21), Watch())


class _Overflows(torch.amp.GradScaler):
    """Scales as on a GPU, on the CPU; the scaled loss of some optimizer steps (one micro-batch each) is infinite."""

    def __init__(self, steps: set[int]) -> None:
        super().__init__("cpu", init_scale=1024.0)
        self._steps, self._calls = steps, iter(range(1000))
        self.scales: list[float] = []

    def scale(self, outputs: Any) -> Any:  # noqa: ANN401
        scaled = super().scale(outputs)
        self.scales.append(self.get_scale())
        return scaled * float("inf") if next(self._calls) in self._steps else scaled


class _Scaled(MixedPrecision):
    """fp16's scaler over fp32 products, so that fp32 is the reference."""

    def autocast_context_manager(self) -> torch.autocast:
        return torch.autocast("cpu", enabled=False)


_FUSED = ("optimizer.arguments={fused:true}", "optimizer=adamw")
_UNFUSED = ("optimizer.arguments={fused:false}", "optimizer=adamw")


def _ten_steps(scaler: torch.amp.GradScaler | None, *options: str) -> tuple[TailorModule, Watch, list[float]]:
    """Train ten steps; return the module, what was watched, and the norms of the gradients before clipping."""
    settings = config.load([*FP32, "trainer.batch_size=4", "trainer.gradient_clip=0.01", *options])
    norms: list[float] = []

    class Norms(Watch):
        def on_train_batch_end(self, _: object, pl_module: TailorModule, *__: object) -> None:
            super().on_train_batch_end(_, pl_module, *__)
            norms.append(pl_module.gradient_norm)

    plugins = [_Scaled("16-mixed", "cpu", scaler)] if scaler else []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler")
        module = run(settings, varied(40), watch := Norms(), *plugins)
    return module, watch, norms


@pytest.mark.parametrize("fused", [_FUSED, _UNFUSED], ids=["fused", "unfused"])
def test_under_a_scaler_ten_steps_move_and_clip_as_in_fp32(fused: tuple[str, ...]) -> None:
    plain, _, expected = _ten_steps(None, *fused)
    scaled, _, norms = _ten_steps(_Overflows(set()), *fused)
    assert norms == pytest.approx(expected, rel=1e-4), "the norm that is clipped is that of unscaled gradients"
    assert min(norms) > 0.01, "every step was clipped"
    ours, theirs = scaled.trained_state(), plain.trained_state()
    assert all(torch.allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6) for name in theirs)
    assert scaled.skipped_steps == 0


@pytest.mark.parametrize("fused", [_FUSED, _UNFUSED], ids=["fused", "unfused"])
def test_an_overflow_leaves_a_step_out_halves_the_scale_and_training_goes_on(fused: tuple[str, ...]) -> None:
    module, watch, _ = _ten_steps(scaler := _Overflows({0, 4}), *fused)
    assert len(watch.weights) == 10
    assert module.skipped_steps == 2
    same = [
        all(torch.equal(before[name], after[name]) for name in before)
        for before, after in itertools.pairwise(watch.weights)
    ]
    assert same == [number == 4 for number in range(1, 10)]
    assert not any(bool((tensor != 0).any()) for name, tensor in watch.weights[0].items() if "lora_B" in name)
    assert scaler.scales == [1024] + 4 * [512] + 5 * [256]


def test_overflows_end_a_run_only_once_the_scale_cannot_be_halved() -> None:
    few = 10 + 9  # 1024 is halved ten times before it is 1, then nine steps in a row are survived
    settings = config.load([*FP32, "trainer.batch_size=1"])
    for count, fails in ((few, False), (few + 1, True)):
        scaled = _Scaled("16-mixed", "cpu", _Overflows(set(range(count))))
        with pytest.raises(TrainingError, match="10 steps in a row") if fails else contextlib.nullcontext():
            assert run(settings, varied(24), Watch(), scaled).skipped_steps == count
