"""A sweep: checked before its first job, survived by the jobs beside one that fails, ended by one table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from r1tailor import config, runs, stages, store, sweep
from r1tailor.errors import Pruned
from r1tailor.training.pruning import MARK
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done
from tests.support.refusals import GUARD

DONE = {"status": "done", "seconds": 1.5, "metrics": {"bleu": 0.25}}
FAILED = {"status": "failed", "error": "no [/x] here"}


def _swept(folder: Path, *records: dict[str, Any], inside: str = "") -> Any:  # noqa: ANN401
    """Write the records of a sweep's runs; return the composition that Hydra hands to its callbacks."""
    for number, record in enumerate(records):
        run = folder / inside / str(number)
        run.mkdir(parents=True)
        overrides = ["domain=medical", f"seed={number}"]
        (run / "run.json").write_text(json.dumps({"job": number, "overrides": overrides} | record), encoding="utf-8")
    return OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}})


def _ended(composition: Any) -> int:  # noqa: ANN401
    try:
        sweep.SweepTable().on_multirun_end(composition)
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def test_the_table_and_the_record_name_what_was_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _ended(_swept(tmp_path, DONE, DONE)) == 0
    kept = json.loads((tmp_path / "sweep.json").read_text("utf-8"))
    assert [(record["run"], record["overrides"]) for record in kept] == [
        ("0", ["domain=medical", "seed=0"]),
        ("1", ["domain=medical", "seed=1"]),
    ]
    printed = capsys.readouterr().out
    assert "seed" in printed
    assert "domain" not in printed, "it is the same in every run"


def test_seeds_are_shown_as_a_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    higher = DONE | {"metrics": {"bleu": 0.35, "f1": None}}
    other = DONE | {"overrides": ["domain=legal", "seed=1"]}
    assert _ended(_swept(tmp_path, DONE, higher, FAILED, other)) == 1
    printed = capsys.readouterr().out
    (row,) = [line for line in printed.splitlines() if "[" in line and "/x" not in line and "mean" not in line]
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == ["domain=medical", "2", "0.300 [0.250, 0.350]"]
    assert "spread over seeds" not in _printed(tmp_path / "one", capsys, DONE, other)


def _printed(folder: Path, capsys: pytest.CaptureFixture[str], *records: dict[str, Any]) -> str:
    _ended(_swept(folder, *records))
    return capsys.readouterr().out


@pytest.mark.parametrize("inside", ["", "a", "a/b"])
def test_runs_are_found_in_nested_folders(tmp_path: Path, inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _ended(_swept(tmp_path, DONE, FAILED, inside=inside)) == 1
    assert "2 runs" in capsys.readouterr().out


def test_checkpoints_of_a_run_that_did_not_end_are_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    composition = _swept(tmp_path, DONE, {"status": "pruned", "error": "behind the others"})
    checkpoints = tmp_path / "1" / "train" / "1-all" / "checkpoints"
    checkpoints.mkdir(parents=True)
    store.write_json(checkpoints / "run.json", {"composition": {}, "steps": 6})
    assert _ended(composition) == 0
    assert [record["run"] for record in sweep.records(tmp_path)] == ["0", "1"]
    assert "1 pruned: behind the others" in capsys.readouterr().out


def test_markup_in_a_message_is_shown_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _ended(_swept(tmp_path, FAILED)) == 1
    assert "failed: no [/x] here" in capsys.readouterr().out


def test_a_table_that_cannot_be_drawn_hides_no_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "print", lambda *_, **__: 1 / 0)
    assert _ended(_swept(tmp_path, DONE, FAILED)) == 1
    assert len(json.loads((tmp_path / "sweep.json").read_text("utf-8"))) == 2


@pytest.mark.parametrize(
    ("error", "kept"),
    [(ValueError(), "ValueError"), (ValueError("  \n - \n"), "ValueError"), (ValueError("a\n - b\n"), "b")],
)
def test_a_failure_is_recorded_whatever_its_message(
    error: Exception, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(config, "sweep_job", lambda: config.SweepJob(tmp_path, 3, ["seed=3"]))
    monkeypatch.setattr(config, "from_hydra", fails)
    runs.run_job(None)
    record = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert record == {"job": 3, "overrides": ["seed=3"], "status": "failed", "error": kept}


def test_a_sweep_survives_a_run_that_fails_and_ends_with_one_table(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    folders = (f"hydra.sweep.dir={output}", "hydra.sweep.subdir=a/${hydra.job.num}")
    choices = (
        "domain=colours",
        "strategy=lora,full",
        "model=glob(tiny_*,exclude=[*deepseek*,*r1*])",
        "trainer.max_steps=1",
    )
    lengths = "trainer.max_length=100,5000"
    done = run_command("train.py", f"--config-dir={own_domain}", "-m", *choices, lengths, *folders, *FASTER)
    assert done.code == 1
    records = json.loads((ROOT / output / "sweep.json").read_text())
    assert [record["run"] for record in records] == [f"a/{number}" for number in range(8)]
    assert [record["status"] for record in records] == ["done", "failed"] * 4
    assert "max_length = 5,000" in records[1]["error"]
    assert {"strategy=lora", "model=tiny_llama", "trainer.max_length=5000"} <= set(records[1]["overrides"])
    for shown in ("8 runs", "strategy", "model", "trainer.max_length", "perplexity"):
        assert shown in done.out


REFUSED = [
    ("seed=1,2,bad", ["job 2 (seed=bad): seed = 'bad': must be an integer (the composition (conf/config.yaml))"]),
    (
        "strategy=full,lora strategy.r=4",
        ["job 0 (strategy=full): strategy.r is not a setting of strategy=full (conf/strategy/full.yaml). Allowed: "],
    ),
    (
        "strategy=lora,full trainer.max_steps=0,1",
        [
            "2 jobs, the first is job 0 (strategy=lora trainer.max_steps=0): trainer.max_steps = 0: "
            "must be greater than 0 (trainer=cpu (conf/trainer/cpu.yaml))"
        ],
    ),
    ("model=glob(tiny_*) sede=1", ["sede is not a setting of the composition (conf/config.yaml)"]),
    ("model=glob(zzz*)", ["model=glob(zzz*): no option matches. conf/model has: gemma3_270m, local, "]),
    ("seed=range(5,1)", ["seed=range(5,1): there is no value in it"]),
    ("seed=range(0,1000000000)", ["the sweep has more than 10,000 jobs; give fewer values"]),
    ("optimizer.lr=interval(0.1,0.2)", ["optimizer.lr=interval(0.1,0.2): an interval needs a sweeper"]),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_fault_of_any_job_refuses_the_sweep_before_its_first(
    line: str, faults: list[str], run_command: Callable[..., Done], tmp_path: Path
) -> None:
    done = run_command("train.py", "-m", *line.split(), f"hydra.sweep.dir={tmp_path}/sweep", GUARD)
    assert (done.code, done.out) == (2, "")
    reported = done.err.splitlines()[1:]
    assert len(reported) == len(faults)
    for shown, fault in zip(reported, faults, strict=True):
        assert shown.startswith(f"  - {fault}")
    assert not (tmp_path / "sweep").exists()


def test_of_a_long_sweep_each_value_is_checked_and_that_is_reported(
    run_command: Callable[..., Done], tmp_path: Path
) -> None:
    values = f"seed={','.join(map(str, range(40)))},bad"
    line = (values, "optimizer.lr=1e-4,2e-4,3e-4,4e-4,5e-4,6e-4")
    done = run_command("train.py", "-m", *line, f"hydra.sweep.dir={tmp_path}/sweep", GUARD)
    assert done.code == 2
    assert "the sweep has 246 jobs: before the first, 46 were checked, which hold each value once" in done.err
    assert "a job with seed=bad optimizer.lr=0.0001: seed = 'bad': must be an integer" in done.err


def test_sweep_syntax_without_m_is_refused_and_says_how_to_sweep(run_command: Callable[..., Done]) -> None:
    done = run_command("train.py", "seed=1,2", GUARD)
    assert (done.code, done.out) == (2, "")
    assert "seed=1,2: several values are a sweep: add -m" in done.err
    assert "Traceback" not in done.err


def test_a_run_that_ended_early_is_told_and_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    early = {"status": "pruned", "error": "lowest validation loss 2 after 1 validations"}
    assert _ended(_swept(tmp_path, DONE, early)) == 0
    out = capsys.readouterr().out
    assert "1 pruned: lowest validation loss 2 after 1 validations" in out
    assert f"page: {tmp_path / 'sweep.html'}" in out
    assert "1 ended early" in (tmp_path / "sweep.html").read_text("utf-8")


def test_a_job_of_a_search_that_fell_behind_is_recorded_as_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*_: object) -> None:
        store.write_json(tmp_path / MARK, {"why": "too slow"})
        raise Pruned("too slow")

    monkeypatch.setattr(config, "sweep_job", lambda: config.SweepJob(tmp_path, 3, ["seed=3"], 1, prunes=True))
    monkeypatch.setattr(config, "from_hydra", stops)
    runs.run_job(None)
    assert store.read_json(tmp_path / "run.json")["status"] == "pruned"
    assert store.read_json(tmp_path / "run.json")["error"] == "too slow"


@pytest.mark.parametrize(
    ("status", "override", "again"),
    [("done", "seed=3", False), ("pruned", "seed=3", False), ("failed", "seed=3", True), ("done", "seed=4", True)],
)
def test_a_job_that_has_a_result_is_not_run_again(
    status: str, override: str, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_text(tmp_path / "config.yaml", config.as_yaml(config.load(["seed=3"])))
    record = {"job": 3, "overrides": [override], "status": status}
    store.write_json(tmp_path / "run.json", record)
    monkeypatch.setattr(config, "sweep_job", lambda: config.SweepJob(tmp_path, 3, [override]))
    monkeypatch.setattr(config, "from_hydra", lambda _: config.load([override]))
    started: list[object] = []
    monkeypatch.setattr(stages, "refuse_early", lambda settings: started.append(settings) or 1 / 0)
    runs.run_job(None)
    assert bool(started) == again
    if not again:
        assert store.read_json(tmp_path / "run.json") == record
