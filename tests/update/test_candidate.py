"""A proven candidate is a complete version, and the same day is the same version."""

import json

import pytest

from r1tailor import store
from r1tailor.registry.verify import verify
from r1tailor.update.candidate import register
from tests.support.proven_days import Project

DAY = "2026-02-01"


def test_a_version_holds_mixture_origins_proof_and_parent(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    day = learning.passed(monkeypatch, DAY, "new")
    version = register(day, learning.root)
    champion = learning.registry.version(day.champion.version)
    assert learning.registry.parent(version) == champion.id
    assert version.domain == champion.domain
    assert version.metrics == store.read_json(day.stage("prove") / "metrics.json")
    read = {
        name: learning.registry.objects.path(version.files[name]).read_text("utf-8")
        for name in version.files
        if name.endswith(("json", "jsonl"))
    }
    assert [json.loads(line)["id"] for line in read["data/train.jsonl"].splitlines()] == [f"new{n}" for n in range(4)]
    assert json.loads(read["data/origins.json"])["examples"][0] == {"id": "new0", "origin": "day", "day": DAY}
    assert json.loads(read["evaluation/proof.json"])["passed"] is True
    assert read["data/test.jsonl"] == (learning.places.held_out() / "test.jsonl").read_text("utf-8")
    assert register(day, learning.root) == version
    assert verify(learning.registry, learning.root, repair=False).damage == []
    assert not list(day.folder.glob(".version*")), "the registry has its own copies"


def test_what_a_killed_registration_left_is_no_obstacle(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    day = learning.passed(monkeypatch, DAY, "new")
    left = day.folder / ".version" / "data"
    left.mkdir(parents=True)
    (left / "stray.jsonl").write_text("cut", encoding="utf-8")
    version = register(day, learning.root)
    assert "data/stray.jsonl" not in version.files
    assert not list(day.folder.glob(".version*"))
