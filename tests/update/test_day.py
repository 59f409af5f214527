"""A frozen day: its name, its lines, its places; what was changed afterwards is refused."""

from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError, UserError
from r1tailor.records import Example, Turn
from r1tailor.update.day import (
    Day,
    Material,
    Selected,
    UpdateFolder,
    free_name,
    order,
    read_lines,
    write_lines,
)


def _item(number: int = 1, **changes: str) -> Material:
    turns = (Turn("user", "before", fields={"name": "n"}),)
    example = Example(f"e{number}", "Which colour?", f"thing {number}", "red", turns=turns, fields={"entities": ["x"]})
    return Material(f"correction/{number}", "correction", example, "feedback", "2026-01-02", **changes)


def test_lines_are_read_as_they_were_written(tmp_path: Path) -> None:
    chosen = [
        Selected(_item(n, user="ab", original="blue"), "rare", 0.9, "person", 3, replaces=("e7",)) for n in (1, 2)
    ]
    assert write_lines(tmp_path / "selected.jsonl", chosen) == 2
    assert list(read_lines(tmp_path / "selected.jsonl", Selected)) == chosen


def test_a_line_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "material.jsonl").write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"material.jsonl, line 1: this is no Material of a day"):
        list(read_lines(tmp_path / "material.jsonl", Material))


def test_days_follow_one_another_by_date_and_number() -> None:
    names = ["2026-01-02", "2026-01-01-10", "2026-01-01-2", "2026-01-01"]
    assert sorted(names, key=order) == ["2026-01-01", "2026-01-01-2", "2026-01-01-10", "2026-01-02"]
    assert free_name(names, "2026-01-01") == "2026-01-01-11"
    for wrong in ("../x", "2026-1-1", "2026-01-01-1", "2026-01-01-02", "2026-01-01-x"):
        with pytest.raises(UserError, match="names no day"):
            order(wrong)


def test_a_user_is_a_hash_that_one_salt_makes(tmp_path: Path) -> None:
    places = UpdateFolder(tmp_path / "a")
    mine = places.hashed("anna")
    assert mine == UpdateFolder(tmp_path / "a").hashed("anna") != places.hashed("bert")
    assert "anna" not in mine
    assert UpdateFolder(tmp_path / "b").hashed("anna") != mine
    assert places.hashed("") == ""
    assert (tmp_path / "a" / ".salt").stat().st_mode & 0o077 == 0


def test_a_day_that_was_changed_after_it_was_frozen_is_refused(tmp_path: Path) -> None:
    places = UpdateFolder(tmp_path)
    day = Day(places, "2026-01-02")
    write_lines(day.folder / "material.jsonl", [_item()])
    store.write_text(day.folder / "config.yaml", "seed: 1\n")
    facts = {name: store.sha256_file(day.folder / file) for name, file in _FILES.items()}
    store.write_json(day.folder / "day.json", {"day": day.name, "seed": 7, **facts})
    assert places.day("2026-01-02").material() == [_item()]
    write_lines(day.folder / "material.jsonl", [_item(2)])
    with pytest.raises(DataError, match=r"material.jsonl was changed after the day was frozen"):
        places.day("2026-01-02").material()
    store.write_text(day.folder / "config.yaml", "seed: 2\n")
    with pytest.raises(DataError, match=r"config.yaml was changed after the day was frozen"):
        _ = places.day("2026-01-02").seed
    with pytest.raises(UserError, match=r"no day '2026-01-03' in .*Days: 2026-01-02"):
        places.day("2026-01-03")


_FILES = {"material": "material.jsonl", "config": "config.yaml"}
