"""Composing what ships takes half a second a page: the tests of this room take it as given, but those of it."""

import pytest

from r1tailor.report import page


@pytest.fixture(autouse=True)
def _composed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("config domain=medical", [("trainer.max_steps", "170", "7")])
    monkeypatch.setattr(page, "changed", lambda _settings: given)
