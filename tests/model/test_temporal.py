"""The encoder itself: its beginning, its learning rate, its part in a run, in the plan and in a checkpoint."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.errors import DataError, Interrupted
from r1tailor.instruction.build import _unique
from r1tailor.model import load, temporal
from r1tailor.objective.supervised import summed_loss
from r1tailor.optimization.optimizer import build
from r1tailor.planning.memory_trace import Row
from r1tailor.planning.plan import plan
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.training import fit as fit_of
from r1tailor.training.callbacks import History
from tests.batching.test_packing import PADDING
from tests.support.training import trained
from tests.support.windowed import CHANNELS, STEPS, STRATEGIES, composition, tokens_of, tuned, window, windowed


def test_soft_tokens_begin_at_the_scale_of_the_words_and_differ_with_the_window() -> None:
    settings = config.load(["model=tiny_llama"])
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    state = torch.get_rng_state()
    encoder = temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), base, 3)
    assert torch.equal(torch.get_rng_state(), state), "the run's random numbers are others than without windows"
    soft = encoder(torch.tensor([window(i) for i in range(40)])).detach()
    assert soft.shape == (40, settings.temporal.tokens, settings.model.hidden_size)
    words = base.get_input_embeddings().weight.detach()
    assert float(soft.square().mean().sqrt() / words.square().mean().sqrt()) == pytest.approx(1, abs=0.2)
    assert float(soft.std(dim=0).mean()) > 0.1 * float(words.std()), "all windows look alike to the model"
    again = temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), base, 3)
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))


def test_every_step_and_channel_of_a_window_counts() -> None:
    settings = composition()  # ten steps are three patches of four: the oldest is filled up
    encoder = temporal.encoder_of(tuned(settings))
    assert encoder is not None
    series = torch.tensor([window(0)], requires_grad=True)
    encoder(series).square().sum().backward()
    assert series.grad is not None
    assert bool((series.grad != 0).all())


def test_the_encoder_has_a_learning_rate_of_its_own() -> None:
    settings = composition("tiny_llama", "full", "temporal.lr=5e-3", "optimizer.lr=1e-5")
    model = tuned(settings)
    encoder = temporal.encoder_of(model)
    assert encoder is not None
    own = {id(parameter) for parameter in encoder.parameters()}
    seen = set()
    for group in build(model, settings).param_groups:
        rates = {5e-3 if id(parameter) in own else 1e-5 for parameter in group["params"]}
        assert rates == {group["lr"]}
        seen |= {id(parameter) for parameter in group["params"]}
    assert own <= seen
    assert len(seen) == len(list(model.parameters()))


def test_windows_of_another_shape_than_the_encoder_was_made_for_are_refused() -> None:
    settings = composition()
    longer = [replace(e, series=(*e.series, e.series[0])) if e.series else e for e in windowed()]
    (row,) = pack(tokens_of(settings, longer), 10_000, PADDING)
    with pytest.raises(DataError, match="reads windows of 10 steps of 3 channels, not of 11 steps of 3 channels"):
        summed_loss(tuned(settings), row, 0.0)


# --- in a run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_plan_counts_the_encoder(strategy: str) -> None:
    settings = composition("tiny_llama", strategy, "trainer.precision=fp32")
    model = tuned(settings)
    row = Row(256, 32, 32, window=(STEPS, CHANNELS))
    found = plan(settings, config.ROOT, row=row)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert found.weights == sum(parameter.nbytes for parameter in model.parameters())
    assert found.trained == sum(parameter.numel() for parameter in trained)
    assert found.gradients == sum(parameter.nbytes for parameter in trained)
    assert found.activations > plan(settings, config.ROOT, row=replace(row, window=None)).activations
    torch.autograd.backward(summed_loss(model, row.micro_batch(temporal.soft_tokens(model)), 0.0))


RUN = ("trainer.precision=fp32", "trainer.batch_size=4", "trainer.max_epochs=4", "trainer.max_steps=6")


class StopsAfterStep3(History):
    """Asks the run to stop, as a signal from outside would."""

    def on_train_batch_end(self, *args: Any) -> None:  # noqa: ANN401
        super().on_train_batch_end(*args)
        if len(self.rows) == 3:
            os.kill(os.getpid(), signal.SIGTERM)


def fitted(settings: Settings, folder: Path) -> dict[str, bytes]:
    examples = windowed()
    trained(settings, {"train": examples, "validation": examples[:3]}, folder)
    return {path.name: path.read_bytes() for path in (folder / "model").glob("*.safetensors")}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_resumed_run_has_the_encoder_of_a_whole_one_bit_for_bit(
    strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = composition("tiny_llama", strategy, *RUN)
    whole = fitted(settings, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(fit_of, "History", StopsAfterStep3)
        with pytest.raises(Interrupted):
            fitted(settings, tmp_path / "cut")
    assert "temporal.safetensors" in whole
    assert fitted(settings, tmp_path / "cut") == whole
    said = capsys.readouterr().out
    assert "resuming from" in said
    assert "windows of 10 steps of 3 channels become 4 soft tokens" in said
    before = temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), _base(settings), settings.seed).state_dict()
    after = load_file(tmp_path / "whole" / "model" / "temporal.safetensors")
    assert all(not torch.equal(before[name], after[name]) for name in before if name != "scale"), "a part did not train"


def _base(settings: Settings) -> nn.Module:
    return load.load_model(settings.model, config.ROOT, torch.float32, settings.seed)


def test_a_run_over_windows_of_two_shapes_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    train, held_out = windowed(), [replace(e, series=e.series[1:]) for e in windowed()[:2]]
    with pytest.raises(DataError, match="example e0: its series has 9 steps of 3 channels, that of example e0 has 10"):
        trained(composition(), {"train": train, "validation": held_out}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_without_windows_has_no_encoder(tmp_path: Path) -> None:
    settings = composition("tiny_llama", "lora", *RUN)
    bare = [replace(e, series=()) for e in windowed()]
    trained(settings, {"train": bare, "validation": []}, tmp_path)
    assert not list((tmp_path / "model").glob("temporal*"))


def test_examples_that_differ_in_their_window_alone_are_no_repetition() -> None:
    same = [Example(f"e{i}", "Rise or fall?", "", "rise", series=window(i % 2)) for i in range(4)]
    kept, repeated = _unique(same)
    assert [e.id for e in kept] == ["e0", "e1"]
    assert repeated == 2
