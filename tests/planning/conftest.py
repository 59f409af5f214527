"""Rehearsals shared by the tests of this room: one step over fake tensors takes a second or two."""

import json
from pathlib import Path

import pytest

from r1tailor.planning import plan as plan_of
from r1tailor.planning import preflight as preflight_of
from r1tailor.planning.memory_trace import Row, rehearse
from r1tailor.schema.settings import Settings

_KNOWN: dict[str, dict[str, int]] = {}


def _rehearsed_once(settings: Settings, root: Path, row: Row, *, accumulates: bool) -> dict[str, int]:
    """Return what ``rehearse`` does, from an earlier call if everything was the same but the budget of a row."""
    composition = settings.model_dump(mode="json", by_alias=True, exclude={"trainer": {"micro_batch_tokens"}})
    key = json.dumps([composition, str(row), accumulates])
    if key not in _KNOWN:
        _KNOWN[key] = rehearse(settings, root, row, accumulates=accumulates)
    return _KNOWN[key]


@pytest.fixture(autouse=True)
def _shared_rehearsals(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (plan_of, preflight_of):
        monkeypatch.setattr(place, "rehearse", _rehearsed_once)
