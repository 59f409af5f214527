"""``r1tailor <stage>``: which stage runs, on which settings, in which folder."""

from pathlib import Path
from typing import Any

import pytest

from r1tailor import config, stages, store
from r1tailor.__main__ import main
from r1tailor.commands import stage
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import STAGE_SECTIONS


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """The stages that were started, in a project whose pipeline composes the legal domain."""
    started: list[tuple[Any, ...]] = []
    for name in stages.STAGES:

        def start(settings: Any, run: RunFolder, _name: str = name, **chosen: object) -> None:  # noqa: ANN401
            started.append((_name, settings.domain.name, run, chosen))

        monkeypatch.setitem(stages.STAGES, name, start)
    legal = config.load(["domain=legal"])
    load = config.load_params
    monkeypatch.setattr(config, "load_params", lambda path=None: load(path) if path else legal)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return started


def test_every_stage_is_a_command_with_a_description() -> None:
    in_a_module_of_its_own = {"compress", "redteam", "report"}
    assert list(stage._HELP) == [name for name in STAGE_SECTIONS if name not in in_a_module_of_its_own]


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["collect"], {}),
        (["train"], {"phase": None}),
        (["train", "--phase", "2-more"], {"phase": "2-more"}),
        (["variant", "--name", "text"], {"name": "text"}),
        (["register"], {}),
    ],
)
def test_a_stage_runs_in_the_folder_of_the_pipeline(
    arguments: list[str], chosen: dict[str, object], ran: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    main(arguments)
    assert ran == [(arguments[0], "legal", RunFolder(tmp_path / "outputs" / "legal"), chosen)]


def test_a_direct_run_is_trained_by_its_own_composition(ran: list[tuple[Any, ...]], tmp_path: Path) -> None:
    store.write_text(tmp_path / "runs" / "mine" / "config.yaml", config.as_yaml(config.load(["domain=education"])))
    main(["train", "runs/mine"])
    assert ran == [("train", "education", RunFolder((tmp_path / "runs" / "mine").resolve()), {"phase": None})]


def test_a_stage_that_takes_no_folder_refuses_one(
    ran: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["clean", "runs/mine"])
    assert (ended.value.code, ran) == (2, [])
    assert "unrecognized arguments: runs/mine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stage_of_dvc", "arguments", "chosen"),
    [
        ("train@1-all", ["train", "--dvc-stage"], {"phase": "1-all"}),
        ("../dvc.yaml:variant@fold_2011", ["variant", "--dvc-stage"], {"name": "fold_2011"}),
        ("train@1-all; touch x", ["train", "--dvc-stage"], {"phase": "1-all; touch x"}),
    ],
)
def test_a_stage_of_dvc_is_known_by_its_name(
    stage_of_dvc: str,
    arguments: list[str],
    chosen: dict[str, str],
    ran: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DVC_STAGE", stage_of_dvc)
    main(arguments)
    assert [entry[3] for entry in ran] == [chosen]


@pytest.mark.parametrize("stage_of_dvc", ["", "train", "variant@x"])
def test_outside_its_stage_of_dvc_nothing_is_trained(
    stage_of_dvc: str,
    ran: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DVC_STAGE", stage_of_dvc)
    with pytest.raises(SystemExit) as ended:
        main(["train", "--dvc-stage"])
    assert (ended.value.code, ran) == (2, [])
    assert "DVC_STAGE must be train@<phase>" in capsys.readouterr().err
