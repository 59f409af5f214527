"""Progress of a long pass."""

import pytest

from r1tailor.corpus.progress import shown
from tests.corpus.test_engine import _documents


def test_progress_is_shown_at_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = _documents(["x"] * 200)
    assert list(shown(documents, "cleaning")) == documents
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(shown(documents, "cleaning", 200)) == documents
    out, err = capsys.readouterr()
    assert out == ""
    assert "cleaning" in err
    assert "documents/s" in err
