"""What is printed before a phase trains, and what its metrics say afterwards."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from r1tailor import config
from r1tailor.batching.tokens import Tokenized
from r1tailor.training.data import TailorData
from r1tailor.training.phase_data import PhaseData
from r1tailor.training.phase_run import PhaseRun, phase_run
from r1tailor.training.summary import print_plan, training_metrics
from tests.training.test_callbacks import history
from tests.training.test_module import varied

TOY = ("model=tiny_llama", "trainer.precision=fp32", "trainer.batch_size=4", "trainer.max_steps=5", "optimizer.lr=1e-3")


@pytest.fixture
def run(tmp_path: Path) -> PhaseRun:
    return phase_run(config.load([*TOY]), {"train": [], "validation": []}, {}, config.ROOT, tmp_path)


@pytest.fixture
def data(run: PhaseRun) -> PhaseData:
    made = varied(20)
    return PhaseData(Tokenized(made, ["long-1", "long-2"]), TailorData(made, [], run.settings, 0), {})


def test_the_plan_names_steps_and_rate(run: PhaseRun, data: PhaseData, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(run, data)
    assert capsys.readouterr().out.splitlines() == [
        "5 optimizer steps of 4 examples from 20; learning rate 0.001, cosine, 1 warm-up steps "
        f"({run.settings.scheduler.warmup_steps} of {run.settings.scheduler.reference_steps:,}, scaled to this run)",
    ]
    print_plan(replace(run, window=(10, 3)), data)
    assert capsys.readouterr().out.startswith("windows of 10 steps of 3 channels become 4 soft tokens; their encoder")


def test_a_later_phase_repeats_nothing(
    run: PhaseRun, data: PhaseData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_plan(replace(run, parent=tmp_path), data)
    assert capsys.readouterr().out == ""


def test_the_metrics_count_what_the_history_saw(run: PhaseRun, data: PhaseData) -> None:
    module: Any = SimpleNamespace(trained_state=lambda: {"a": torch.zeros(3, 4), "b": torch.zeros(2)}, skipped_steps=1)
    found = training_metrics(run, data, module, history())
    each = sum(len(example) for example in data.tokens.examples) / 20
    wanted = {
        "steps": 5,
        "planned_steps": 5,
        "examples_seen": 20,
        "supervised_tokens": 60,
        "tokens_per_packed_position": round(each * 20 / 400, 3),
        "trained_parameters": 14,
        "best_validation_loss": 0.9,
        "validation_loss_by_phase": {"a": 0.8, "b": 1.0},
        "skipped_steps": 1,
        "examples_left_out_too_long": 2,
        "seconds": 2.5,
        "examples_per_second": 8.0,
    }
    assert {name: found[name] for name in wanted} == wanted
    to_the_end = config.load([*TOY, "trainer.early_stopping=null"])
    last = training_metrics(replace(run, settings=to_the_end), data, module, history())
    assert (last["best_validation_loss"], last["validation_loss_by_phase"]) == (0.9, {"a": 0.7, "b": 1.1})
