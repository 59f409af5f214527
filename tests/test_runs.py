"""Direct runs through the real command line: every composition, interruption and resume, sweeps."""

import json
import os
import re
import signal
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor import command_line, config, runs, store
from r1tailor.errors import ConfigError, DataError, Interrupted, TrainingError
from r1tailor.layout import RunFolder
from r1tailor.objective import supervised
from r1tailor.planning import preflight
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_a_domain_of_one_yaml_goes_the_whole_way(
    run_command: Callable[..., Done], own_domain: Path, output: str, model: str, strategy: str
) -> None:
    composition = ("domain=colours", f"model={model}", f"strategy={strategy}", "trainer.max_steps=2")
    done = run_command("train.py", f"--config-dir={own_domain}", *composition, f"output={output}", *FASTER)
    assert done.code == 0, done.err
    metrics = json.loads((ROOT / output / "evaluation" / "metrics.json").read_text())
    assert set(metrics["models"]) == {"base", "tuned", "majority"}
    assert set(metrics["models"]["tuned"]["label_accuracy"]) == {"value", "low", "high"}
    assert set(metrics["comparisons"]["perplexity"]) == {"difference", "low", "high", "p"}
    assert metrics["n"] == 4
    assert store.damage(ROOT / output / "train" / "1-all" / "model") is None
    report = (ROOT / output / "evaluation" / "report.html").read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", report), "it must open offline"


def test_a_finished_run_is_not_trained_again_and_its_folder_is_not_overwritten(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    composition = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", "trainer.max_steps=2", *FASTER]
    assert run_command("train.py", *composition, f"output={output}").code == 0
    again = run_command("train.py", *composition, f"output={output}")
    assert again.code == 2
    assert "resume it with resume=true" in again.err
    resumed = run_command("train.py", *composition, f"output={output}", "resume=true")
    assert resumed.code == 0
    assert "not trained again" in resumed.out


# --- the composition of a resumed run ------------------------------------------------------------------------------

BEGUN = ("model=tiny_llama", "model.layers=3", "strategy=full", "trainer.max_steps=7", "optimizer.lr=0.002")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root of the test's own; ``conf/`` is the real one."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return tmp_path


def begun(folder: Path, *overrides: str) -> Settings:
    """Write what a run leaves of its composition."""
    settings = config.load([*BEGUN, *overrides])
    store.write_text(folder / "config.yaml", config.as_yaml(settings))
    return settings


def stages_seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, RunFolder]]:
    """Put one stage in the place of all, which fails once it has seen what it was given."""
    seen: list[tuple[Settings, RunFolder]] = []

    def stage(settings: Settings, run: RunFolder) -> None:
        seen.append((settings, run))
        raise DataError("seen")

    monkeypatch.setattr(runs, "_STAGES", (stage,))
    return seen


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["trainer.max_steps=7"],
        ["strategy=full", "optimizer.lr=0.002"],
        ["model=tiny_llama", "model.layers=3"],
        ["domain=medical", "trainer=cpu", "trainer.max_steps=7"],
        [*BEGUN],
    ],
)
def test_resume_alone_takes_the_composition_of_the_run(
    given: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project / "outputs" / "runs" / "mine"
    before, seen = begun(folder), stages_seen(monkeypatch)
    with pytest.raises(DataError, match="seen"):
        runs.resume(["resume=true", "output=outputs/runs/mine", *given])
    ((settings, run),) = seen
    assert run == RunFolder(folder)
    assert settings == before.model_copy(update={"resume": True, "output": "outputs/runs/mine"})
    assert config.load_params(folder / "config.yaml") == settings


def test_settings_that_change_nothing_of_what_is_trained_may_be_given(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(project / "outputs" / "runs" / "mine")
    seen = stages_seen(monkeypatch)
    free = ["evaluation.max_items=5", "domain.goals=[]", "domain.title=New", "trainer.checkpoints.keep=9"]
    with pytest.raises(DataError, match="seen"):
        runs.resume(["resume=true", "output=outputs/runs/mine", *free, "corpus.batch_size=9"])
    ((settings, _),) = seen
    assert (settings.evaluation.max_items, settings.domain.goals, settings.domain.title) == (5, (), "New")
    assert (settings.trainer.checkpoints.keep, settings.corpus.batch_size, settings.trainer.max_steps) == (9, 9, 7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("trainer.max_steps=8", "trainer.max_steps = 8: outputs/runs/mine began with 7. Leave it out to resume that"),
        ("strategy=lora", "strategy.kind = 'lora': outputs/runs/mine began with 'full'"),
        ("model=tiny_llama", "model.layers = 2: outputs/runs/mine began with 3"),
        ("domain=legal", "domain.name = 'legal': outputs/runs/mine began with 'medical'"),
        ("seed=9", "seed = 9: outputs/runs/mine began with 1"),
        ("trainer.max_step=8", "trainer.max_step is not a setting of trainer"),
        ("strategy=lorra", "strategy=lorra: there is no such option. Did you mean lora?"),
        ("trainer.max_steps=", "trainer.max_steps = ''"),
    ],
)
def test_what_does_not_agree_with_the_run_is_refused_by_name(
    given: str, said: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(project / "outputs" / "runs" / "mine")
    seen = stages_seen(monkeypatch)
    with pytest.raises(ConfigError) as caught:
        runs.resume(["resume=true", "output=outputs/runs/mine", given])
    assert any(fault.startswith(said) for fault in caught.value.faults), caught.value
    assert not seen


def test_without_output_the_latest_run_is_resumed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = stages_seen(monkeypatch)
    with pytest.raises(ConfigError, match="there is no run to resume below outputs/runs"):
        runs.resume(["resume=true"])
    for name in ("first", "second"):
        begun(project / "outputs" / "runs" / name)
    store.point_to(project / "outputs" / "runs" / "latest", project / "outputs" / "runs" / "second")
    with pytest.raises(DataError, match="seen"):
        runs.resume(["resume=true"])
    assert seen[0][1].path.name == "second"


@pytest.mark.parametrize(
    "arguments",
    [["-m", "resume=true"], ["--help", "resume=true"], ["--cfg", "job", "resume=true"], ["resume=false"], ["resume=1"]],
)
def test_a_sweep_or_a_request_for_help_resumes_nothing(arguments: list[str]) -> None:
    assert command_line.given_values(arguments).get("resume") is not True
    assert command_line.given_values(["seed=[1", "++resume=true", "model=x", "output='a b'"]) == {
        "resume": True, "model": "x", "output": "a b"
    }  # fmt: skip


# --- runs that did not come to train -------------------------------------------------------------------------------


def ended(settings: Settings, folder: Path, error: BaseException, *, trained: bool) -> None:
    """Run up to the stage that trains, which ends with an error after its first state or before."""
    with pytest.raises((type(error), Interrupted)), runs._opened(settings, folder) as run:  # noqa: PT012
        runs._point_latest(settings, run)
        assert (config.ROOT / "outputs" / "runs" / "latest").resolve() == folder
        if trained:
            (run.phase("1-all") / "checkpoints" / "step-000001").mkdir(parents=True)
        raise error


def test_latest_never_points_to_a_run_that_did_not_come_to_train(project: Path) -> None:
    settings, folder = config.load([*BEGUN]), project / "outputs" / "runs"
    ended(settings, folder / "a", DataError("too long"), trained=False)
    assert not (folder / "latest").is_symlink()
    ended(settings, folder / "b", TrainingError("not finite"), trained=True)
    assert (folder / "latest").resolve() == folder / "b"
    for error in (DataError("too long"), Interrupted("stopped", 15), KeyboardInterrupt()):
        ended(settings, folder / "c", error, trained=False)
        assert (folder / "latest").resolve() == folder / "b"


def test_a_run_that_trained_nothing_starts_over_in_its_folder(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config.load([*BEGUN, "output=outputs/runs/a"])
    folder = runs._folder(settings)
    ended(settings, folder, DataError("too long"), trained=False)
    store.write_json(folder / "train" / "1-all" / "checkpoints" / "precision.json", "bf16")
    assert "starts over" not in capsys.readouterr().out
    other = config.load([*BEGUN, "output=outputs/runs/a", "trainer.max_steps=9"])
    assert runs._folder(other) == folder
    ended(other, folder, TrainingError("not finite"), trained=True)
    assert "the run in this folder ended before it trained anything: it starts over" in capsys.readouterr().out
    assert not (folder / "train" / "1-all" / "checkpoints" / "precision.json").exists()
    assert config.load_params(folder / "config.yaml").trainer.max_steps == 9
    with pytest.raises(ConfigError, match="there is a run in it; resume it with resume=true"):
        runs._folder(other)


def test_a_folder_of_other_files_is_no_run(project: Path) -> None:
    (project / "outputs" / "runs" / "notes").mkdir(parents=True)
    (project / "outputs" / "runs" / "notes" / "ideas.txt").touch()
    with pytest.raises(ConfigError, match="output = outputs/runs/notes: it holds other files"):
        runs._folder(config.load(["output=outputs/runs/notes"]))


# --- what is printed when a run is stopped --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "two words", "it's (a=b)", "病案#1", "a\\'b", "$HOME;*"])
def test_the_hint_is_a_line_that_a_shell_runs(name: str, project: Path) -> None:
    folder = project / "outputs" / "runs" / name
    ended_with = []
    for error in (Interrupted("stopped after step 3", 15), KeyboardInterrupt()):
        with pytest.raises(Interrupted) as caught, runs._opened(config.load([*BEGUN]), folder):
            raise error
        ended_with.append(caught.value.exit_code)
    assert ended_with == [143, 130]
    line = str(caught.value).splitlines()[-1]
    shown = subprocess.run(
        ["sh", "-c", re.sub(r"^\S+", "printf '%s\\\\n'", line)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown[:2] == ["train.py", "resume=true"]
    assert command_line.given_values(shown[1:]) == {"resume": True, "output": f"outputs/runs/{name}"}


def test_sigterm_outside_training_is_reported_like_ctrl_c(project: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.raises(Interrupted, match=r"resume with:\n.*resume=true output=outputs/runs/a$"),
        runs._opened(config.load([*BEGUN]), project / "outputs" / "runs" / "a"),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


# --- the way from train.py to the loss ------------------------------------------------------------------------------


def test_eight_of_our_functions_lead_to_the_loss_and_the_preflight_runs_once(
    run_command: Callable[..., Done], own_domain: Path, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command runs in a fork of this process, and so with what is patched here."""
    calls = tmp_path / "calls"

    def counted(place: Any, name: str, told: Callable[[], str]) -> None:  # noqa: ANN401
        original = getattr(place, name)

        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            with calls.open("a") as file:
                file.write(f"{told()}\n")
            return original(*arguments, **named)

        monkeypatch.setattr(place, name, call)

    def ours() -> str:
        frames = traceback.extract_stack()
        files = (str(ROOT / "src" / "r1tailor"), str(ROOT / "train.py"))
        return " ".join(frame.name for frame in frames if frame.filename.startswith(files))

    counted(supervised, "summed_loss", ours)
    parts = ("_refuse_settings", "_refuse_memory", "_refuse_disk")
    for part in parts:
        counted(preflight, part, lambda part=part: part)  # type: ignore[misc]
    composition = ("domain=colours", "model=tiny_llama", "trainer.max_steps=2", f"output={output}")
    done = run_command("train.py", f"--config-dir={own_domain}", *composition, *FASTER)
    assert done.code == 0, done.err
    said = calls.read_text().splitlines()
    assert [said.count(part) for part in parts] == [1, 1, 1]
    ways = set(said) - set(parts)
    assert ways == {"<module> main run run_job train fit training_step forward"}, "the eighth is summed_loss"


@pytest.mark.parametrize("windows", [True, False])
def test_what_can_be_done_next_names_a_gguf_form_where_there_is_one(windows: bool) -> None:
    said = runs._next("outputs/runs/mine", windows=windows)
    assert "r1tailor serve outputs/runs/mine" in said
    assert ("--form gguf_q8_0" in said) is not windows
