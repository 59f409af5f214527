"""Raw material to examples: what is missing is said before anything is read, and a trial reads the first documents."""

from pathlib import Path

import pytest

from r1tailor import stages, store
from r1tailor.document_files import count_documents
from r1tailor.errors import ConfigError, ModelUnavailableError
from r1tailor.layout import RunFolder
from tests.support.toy_run import toy_settings

PRIVACY = "domain.cleaning.privacy={kinds: {email: redact}, key_variable: R1TAILOR_PRIVACY_KEY}"


@pytest.mark.parametrize(
    ("overrides", "error", "named"),
    [
        ((PRIVACY,), ConfigError, "R1TAILOR_PRIVACY_KEY"),
        (("model=gemma3_270m", "model.lora.target_modules=q_proj"), ModelUnavailableError, r"accept_licence"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_read(
    overrides: tuple[str, ...], error: type[Exception], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("R1TAILOR_PRIVACY_KEY", raising=False)
    settings, run = toy_settings(tmp_path, *overrides), RunFolder(tmp_path / "run")
    for stage in (stages.inputs, stages.collect):
        with pytest.raises(error, match=named):
            stage(settings, run)
    assert not run.collected.exists()


def test_a_trial_reads_the_first_documents_of_each_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, run = toy_settings(tmp_path), RunFolder(tmp_path / "run")
    stages.collect(settings, run, most=7)
    assert count_documents(run.collected) == 7
    assert store.read_json(run.provenance)[0]["documents"] == 7
    assert capsys.readouterr().out.splitlines()[-1] == "collect: 7 documents from examples"
