"""Trackers as they are: what each keeps of a run, what a resumed run adds, and that no text of the domain is in it."""

import csv
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config, store
from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.training.loggers import logger_class, new_logger, one_run, told
from r1tailor.training.phase_run import PhaseRun, phase_run
from tests.support.commands import Done
from tests.support.training import trained

TOY = ("model=tiny_llama", "trainer.precision=fp32")
SECRET = "patient 4711 of ward nine"
OFTEN = ("trainer.batch_size=4", "trainer.max_steps=3", "trainer.validations=1", "trainer.validation_examples=4")


def phase(folder: Path, *overrides: str) -> PhaseRun:
    settings = config.load([*TOY, f"domain.title={SECRET}", *overrides])
    return phase_run(settings, {"train": [], "validation": []}, {}, config.ROOT, folder)


def logged(run: PhaseRun, *losses: float, begin: int = 0) -> Any:  # noqa: ANN401
    """Log as Lightning's loop does, and end as it ends."""
    logger = new_logger(run)
    assert logger is not None
    for step, loss in enumerate(losses, begin):
        logger.log_metrics({"loss": loss}, step=step)
        logger.save()
    logger.finalize("success")
    return logger


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def trained_with_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv") / "train" / "1-all"
    made = [Example(f"e{i}", SECRET, f"item {i} {'long ' * (i % 3)}", "alpha") for i in range(16)]
    trained(config.load([*TOY, *OFTEN, "logger=csv"]), {"train": made[:12], "validation": made[12:]}, folder)
    return folder


def test_a_real_run_logs_curves_and_what_it_asked_of_the_machine(trained_with_csv: Path) -> None:
    with (trained_with_csv / "csv" / "version_0" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    steps, validations = [row for row in rows if row["loss"]], [row for row in rows if row["validation_loss"]]
    with (trained_with_csv / "plots" / "loss.csv").open() as file:
        curve = [float(row["loss"]) for row in csv.DictReader(file)]
    assert [float(row["loss"]) for row in steps] == pytest.approx(curve)
    assert len(validations) == 1
    for row in steps:
        assert float(row["positions_per_second"]) > 0
        assert 0.01 < float(row["memory_gib"]) < 1000
        assert 0 < float(row["share_of_ceiling"]) < 1
        assert float(row["gradient_norm"]) > 0


def test_no_text_of_the_domain_is_in_a_tracker(trained_with_csv: Path) -> None:
    assert SECRET.encode() not in all_bytes(trained_with_csv / "csv")
    assert b"trainer.max_steps: 3" in all_bytes(trained_with_csv / "csv")
    whole = json.dumps(told(config.load([*TOY, f"domain.title={SECRET}"]), "1-all"))
    assert SECRET not in whole
    assert config.load([]).domain.task.instruction not in whole


def test_tensorboard_reads_what_was_logged_before_and_after_an_interruption(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logged(phase(tmp_path), 2.0, 1.5)
    logged(phase(tmp_path), 1.2, begin=2)
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("loss")] == [
        (0, 2.0),
        (1, 1.5),
        (2, pytest.approx(1.2)),
    ]
    assert SECRET.encode() not in all_bytes(tmp_path)


def test_each_start_of_a_run_has_a_csv_of_its_own(tmp_path: Path) -> None:
    for begin in (0, 1):
        logged(phase(tmp_path, "logger=csv"), 2.0 - begin, begin=begin)
    kept = [path.read_text() for path in sorted((tmp_path / "csv").glob("*/metrics.csv"))]
    assert kept == ["loss,step\n2.0,0\n", "loss,step\n1.0,1\n"]


def test_mlflows_store_holds_the_run_and_a_resumed_run_goes_on_in_it(tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    database = tmp_path / "mlflow.db"
    asked = ("logger=mlflow", f"logger.arguments.tracking_uri=sqlite:///{database}")
    logged(phase(tmp_path / "a", *asked), 2.0, 1.5)
    logged(phase(tmp_path / "a", *asked), 1.2, begin=2)
    with sqlite3.connect(database) as found:
        assert found.execute("select status, count(*) from runs").fetchall() == [("FINISHED", 1)]
        assert found.execute("select step, value from metrics order by step").fetchall() == [(0, 2), (1, 1.5), (2, 1.2)]
        parameters = dict(found.execute("select key, value from params").fetchall())
    assert parameters["model.name"] == "tiny_llama"
    assert parameters["strategy.r"] == "16"
    assert SECRET.encode() not in database.read_bytes()
    assert not (config.ROOT / "mlruns").exists()


def test_dvclive_shows_the_newest_run_and_keeps_the_curve_of_an_interrupted_one(tmp_path: Path) -> None:
    pytest.importorskip("dvclive", reason="the extra dvclive is not installed")
    live = tmp_path / "dvclive"
    asked = ("logger=dvclive", f"logger.arguments.dir={live}")
    logged(phase(tmp_path / "a", *asked), 2.0, 1.5)
    curve = live / "plots" / "metrics" / "loss.tsv"
    (tmp_path / "a" / "checkpoints" / "step-000002").mkdir(parents=True)
    logged(phase(tmp_path / "a", *asked), 1.2, begin=2)
    assert curve.read_text() == "step\tloss\n1\t2.0\n1\t1.5\n2\t1.2\n", "DVCLive takes step 0 for none"
    logged(phase(tmp_path / "b", *asked), 3.0)
    assert curve.read_text() == "step\tloss\n1\t3.0\n"
    assert store.read_json(live / "metrics.json")["loss"] == 3.0
    assert "metrics: [metrics.json]" in (live / "dvc.yaml").read_text()
    assert SECRET.encode() not in all_bytes(live)


def test_none_logs_nothing(tmp_path: Path) -> None:
    assert new_logger(phase(tmp_path, "logger=none")) is None
    assert not list(tmp_path.iterdir())


def test_one_process_of_several_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    assert new_logger(phase(tmp_path)) is None


def test_a_run_that_a_tracker_holds_for_the_process_ends_with_its_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(finish=lambda: ended.append("wandb")))
    with pytest.raises(ValueError, match="broke"), one_run():
        raise ValueError("broke")
    assert ended == ["wandb"]


def test_an_argument_that_the_class_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"logger\.arguments\.nam: CSVLogger does not take it\. It takes: save_dir"):
        logger_class(config.load(["logger=csv", "+logger.arguments.nam=x"]).logger)


def test_what_a_tracker_refuses_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="logger: CSVLogger cannot be opened: "):
        new_logger(phase(tmp_path, "logger=csv", "logger.arguments.save_dir=null"))


def test_a_missing_tracker_is_refused_before_anything_is_read(run_command: Callable[..., Done], output: str) -> None:
    done = run_command("train.py", "logger=swanlab", f"output={output}")
    assert (done.code, done.out) == (2, "")
    fault = "logger: swanlab is not installed. Install it: pip install swanlab"
    assert done.err == f"error: 1 fault in the configuration:\n  - {fault}\n"
    assert not (config.ROOT / output).exists()
