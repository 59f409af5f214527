"""What the tests of the daily update share."""

import os

import pytest


@pytest.fixture(autouse=True)
def _without_syncing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day makes each file durable; the tests look at names and bytes, and need not wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
