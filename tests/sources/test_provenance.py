"""The provenance of a source comes after its documents: what was read, how much of it, what was rejected."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.records import Rejection
from r1tailor.sources.provenance import gathered
from tests.support.toy_run import toy_settings


def _told(root: Path, *overrides: str, most: int | None = None) -> tuple[int, dict[str, Any]]:
    provenance: list[dict[str, Any]] = []
    (source,) = toy_settings(root, *overrides).domain.sources
    found = gathered(source, root, {}, provenance, lambda one: dict(asdict(one)), most)
    first = next(found)
    assert provenance == [], "nothing is told before all was read"
    count = len([first, *found])
    (facts,) = provenance
    return count, facts


def test_one_file_is_told_by_its_own_hash_and_several_by_one_of_their_hashes(tmp_path: Path) -> None:
    count, facts = _told(tmp_path)
    file = tmp_path / "colours.jsonl"
    assert (count, facts["documents"], facts["sha256"]) == (60, 60, store.sha256_file(file))
    folder = tmp_path / "several"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(name, encoding="utf-8")
    dated = "licence: own, available_at: '2020-01-01', on_damage: stop"
    texts = f"domain.sources=[{{kind: text, name: notes, path: {folder}, unit: file, {dated}}}]"
    _, facts = _told(tmp_path, texts)
    hashes = "".join(hashlib.sha256(name.encode()).hexdigest() for name in ("a.txt", "b.txt"))
    assert facts["sha256"] == hashlib.sha256(hashes.encode()).hexdigest()


def test_a_trial_is_told_as_what_it_read(tmp_path: Path) -> None:
    assert _told(tmp_path, most=5)[1]["documents"] == 5


def test_rejections_are_told_through_the_one_who_may_tell_them(tmp_path: Path) -> None:
    (tmp_path / "colours.jsonl").write_text('{"input": "a", "output": "red"}\n{}\n', encoding="utf-8")
    _, facts = _told(tmp_path, "domain.sources.0.on_damage=list")
    (rejected,) = [Rejection(**one) for one in facts["rejected"]]
    assert rejected.position == "line 2"
