"""Texts are treated by the domain's rules; without the key nothing is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.kept_text import keeping
from r1tailor.serving.refusals import Refused


@pytest.fixture
def private(settings: Callable[..., Settings]) -> Settings:
    return settings("domain.cleaning.privacy={kinds: {email: redact}, key_variable: R1TAILOR_PRIVACY_KEY}")


def test_a_domain_without_privacy_keeps_what_was_written(tmp_path: Path) -> None:
    assert keeping(None, tmp_path)("ann@clinic.example") == "ann@clinic.example"


def test_identifiers_are_taken_out(private: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_PRIVACY_KEY", "0123456789abcdef")
    assert keeping(private.domain.cleaning.privacy, tmp_path)("ask ann@clinic.example") == "ask [EMAIL]"


def test_without_the_key_nothing_is_kept(private: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("R1TAILOR_PRIVACY_KEY", raising=False)
    keep = keeping(private.domain.cleaning.privacy, tmp_path)
    assert keep("") == ""
    with pytest.raises(Refused, match="nothing is kept: R1TAILOR_PRIVACY_KEY is not set") as refused:
        keep("ask ann@clinic.example")
    assert refused.value.status == 503
    assert "ann@" not in str(refused.value)
