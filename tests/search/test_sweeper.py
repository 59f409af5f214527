"""The loop of a search, with a launcher that writes results instead of training; and once as it is, on submitit."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from r1tailor import store
from r1tailor.errors import ConfigError
from r1tailor.search import sweeper
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done
from tests.support.refusals import GUARD

GIVEN: dict[str, Any] = {"n_trials": 4, "n_jobs": 2, "minimize": [], "maximize": [], "sampler": "random", "seed": 1}
LINE = ["domain=legal", "++optimizer.lr=interval(0,1)"]


class Jobs:
    """Writes what a job would have left: a loss that is the learning rate; some fail, or vanish."""

    def __init__(self, folder: Path, *, failing: Sequence[int] = (), vanishing: Sequence[int] = ()) -> None:
        self.folder, self.failing, self.vanishing = folder, failing, vanishing
        self.launched: list[list[int]] = []

    def launch(self, overrides: Sequence[Sequence[str]], initial_job_idx: int) -> None:
        self.launched.append([initial_job_idx + place for place in range(len(overrides))])
        for number, given in enumerate(overrides, initial_job_idx):
            (self.folder / str(number)).mkdir(exist_ok=True)
            if number in self.vanishing:
                raise RuntimeError("the system ended the job")
            record: dict[str, Any] = {"job": number, "overrides": list(given), "status": "failed", "error": "broke"}
            if number not in self.failing:
                loss = float(given[-1].partition("=")[2])
                record |= {"status": "done", "seconds": 1.0, "costs": {"validation_loss": loss}, "metrics": {}}
            store.write_json(self.folder / str(number) / "run.json", record)


def searched(folder: Path, jobs: Jobs, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    composition = OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}})
    context: Any = SimpleNamespace(config_loader=None)
    launcher: Any = jobs
    sweeper.search(GIVEN | given, LINE, composition, context, launcher)
    found: dict[str, Any] = store.read_json(folder / "search.json")
    return found


@pytest.fixture(autouse=True)
def _installed() -> None:
    pytest.importorskip("optuna", reason="the extra search is not installed")


def test_jobs_are_launched_in_batches_and_a_failing_one_counts(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, failing=[1])
    found = searched(tmp_path, jobs)
    assert jobs.launched == [[0, 1], [2, 3]]
    assert found["best"][0] in (0, 2, 3)
    again = Jobs(tmp_path)
    assert searched(tmp_path, again) == found
    assert again.launched == [], "all four are told"
    more = Jobs(tmp_path)
    searched(tmp_path, more, n_trials=5)
    assert more.launched == [[4]]


def test_a_job_that_vanished_is_recorded_as_failed_and_the_search_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs(tmp_path, vanishing=[1])
    searched(tmp_path, jobs)
    assert jobs.launched == [[0, 1], [2, 3]]
    assert store.read_json(tmp_path / "1" / "run.json")["error"] == "its process ended without a result; see its log"
    assert "the system ended the job" in capsys.readouterr().err


def test_an_interrupted_job_goes_on_under_its_number(tmp_path: Path) -> None:
    class Stopped(Jobs):
        def launch(self, overrides: Sequence[Sequence[str]], initial_job_idx: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path, Stopped(tmp_path))
    jobs = Jobs(tmp_path)
    searched(tmp_path, jobs)
    assert jobs.launched == [[0], [1], [2, 3]]


def test_what_is_best_on_test_items_is_said_to_look_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="f1 was not measured by job 0"):
        searched(tmp_path, Jobs(tmp_path), maximize=["f1"])
    assert "search: f1 is measured on the test items: what is best by them looks better" in capsys.readouterr().out


def test_without_optuna_one_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r'pip install "r1-tailor\[search\]"'):
        searched(tmp_path, Jobs(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("hydra.sweeper.n_trials=0 seed=1,2", "hydra.sweeper.n_trials = 0: must be greater than 0"),
        ("seed=1", "a search needs something to search"),
        (
            "seed=1,2 hydra.sweeper.maximize=[bleuu]",
            "bleuu is not measured here; there is validation_loss, train_seconds",
        ),
        ("seed=1,2 sede=1", "sede is not a setting of the composition"),
    ],
)
def test_a_fault_of_the_search_is_found_before_its_first_job(
    line: str, fault: str, run_command: Callable[..., Done], tmp_path: Path
) -> None:
    where = f"hydra.sweep.dir={tmp_path}/sweep"
    done = run_command("train.py", "-m", "hydra/sweeper=optuna", *line.split(), where, GUARD)
    assert done.code == 2
    assert fault in done.err
    assert "Traceback" not in done.err
    assert not list(tmp_path.rglob("run.json"))


def test_a_search_on_submitit_with_a_failing_job_and_again(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    settings = ("n_trials=2", "n_jobs=2", "sampler=random", "seed=3")
    search = ("hydra/sweeper=optuna", *(f"hydra.sweeper.{one}" for one in settings))
    toy = ("domain=colours", "model=tiny_llama", "trainer.max_steps=1", "trainer.validations=1")
    drawn = ("optimizer.lr=tag(log,interval(1e-4,1e-2))", "trainer.max_length=100,5000")
    line = (f"--config-dir={own_domain}", "-m", "hydra/launcher=submitit_local", *search, *toy, *drawn, *FASTER)
    done = run_command("train.py", *line, f"hydra.sweep.dir={output}")
    assert done.code == 1, done.err
    records = json.loads((ROOT / output / "sweep.json").read_text())
    failed = [record["run"] for record in records if record["status"] == "failed"]
    assert (len(records), len(failed)) == (2, 1), records
    assert f"{failed[0]} failed: trainer.max_length = 5,000" in done.out
    assert "validation_loss" in (ROOT / output / "sweep.html").read_text("utf-8")
    again = run_command("train.py", *line, f"hydra.sweep.dir={output}")
    assert again.code == 1
    assert json.loads((ROOT / output / "sweep.json").read_text()) == records, "nothing ran again"
