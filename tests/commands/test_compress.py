"""``r1tailor compress``: a form next to the model it is made of, or one line that says why not."""

import shutil
from pathlib import Path

import pytest

from r1tailor import __main__, artifact, config
from r1tailor.layout import RunFolder
from tests.support.toy_run import toy_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return toy_run(tmp_path_factory.mktemp("project"))


def test_a_form_is_written_next_to_the_run_and_judged(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", run.path.parents[2])
    __main__.main(["compress", str(run.path), "--to", "merge", "--evaluate"])
    shown = capsys.readouterr().out
    facts = artifact.recorded(run.compressed / "merge")
    assert "merge: " in shown
    assert "r1tailor ask outputs/runs/first+merge" in shown
    assert facts["verdict"]["non_inferior"] in (True, False)
    assert facts["measured"].keys() == {"tuned", "merge"}


def test_a_form_is_written_where_it_is_wanted(run: RunFolder, tmp_path: Path) -> None:
    __main__.main(["compress", str(run.path), "--to", "gguf_q8_0", "--out", str(tmp_path / "form")])
    assert artifact.read(tmp_path / "form").kind == "gguf"


def test_what_may_not_be_passed_on_is_not_exported(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("r1tailor.sources.permissions.not_passed_on", lambda _: ("wind",))
    with pytest.raises(SystemExit) as ended:
        __main__.main(["compress", str(run.path), "--to", "merge", "--out", str(tmp_path / "form")])
    assert ended.value.code == 2
    assert "may not be passed on (wind: permissions.redistribution = false)" in capsys.readouterr().err
    assert not (tmp_path / "form").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "merge"], "compress: --to, --out and --evaluate are for a MODEL; name one"),
        (["RUN"], "--to is missing; one of merge, gguf_f16, gguf_q8_0, gguf_q4_0, dynamic_int8, w8a8"),
        (["outputs/none", "--to", "merge"], "outputs/none: there is no such folder"),
        (["--dvc-stage"], "--dvc-stage is for dvc.yaml: DVC_STAGE must be compress@<name>"),
        (["--name", "merge"], "--name merge: compression.forms has none"),
    ],
)
def test_what_cannot_work_is_one_message_and_exit_code_2(
    run: RunFolder, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        __main__.main(["compress", *(str(run.path) if part == "RUN" else part for part in arguments)])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_without_documents_nothing_is_judged(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    shutil.copytree(run.path, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "annotate")
    with pytest.raises(SystemExit):
        __main__.main(["compress", str(tmp_path / "run"), "--to", "merge", "--evaluate"])
    assert "holds the documents of domain colours with the test items of" in capsys.readouterr().err
