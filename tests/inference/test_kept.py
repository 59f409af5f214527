"""What was asked before is not asked again; what was damaged or interrupted is."""

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from r1tailor.inference import kept
from r1tailor.inference.kept import Keep, Kept


def asked(store: Kept, things: Sequence[Any], how: Any = None) -> tuple[list[Any], list[int]]:  # noqa: ANN401
    """Return what comes of things, and which of them were really asked for."""
    seen: list[int] = []

    def ask(missing: Sequence[int], keep: Keep) -> None:
        for number in missing:
            seen.append(number)
            keep(number, {"of": things[number]})

    return store.each("answer", things, how, ask), seen


def test_what_is_known_is_not_asked_again(tmp_path: Path) -> None:
    assert asked(Kept(tmp_path, ["m"]), ["a", "b"]) == ([{"of": "a"}, {"of": "b"}], [0, 1])
    assert asked(Kept(tmp_path, ["m"]), ["b", "c"]) == ([{"of": "b"}, {"of": "c"}], [1])
    assert asked(Kept(tmp_path, ["m"]), ["b"], how="otherwise")[1] == [0]
    assert asked(Kept(tmp_path, ["another"]), ["b"])[1] == [0]
    assert asked(Kept(), ["a", "a"])[1] == [0, 1], "without a folder nothing is kept"


def test_what_came_before_an_interruption_is_kept(tmp_path: Path) -> None:
    def interrupted(missing: Sequence[int], keep: Keep) -> None:
        keep(missing[0], 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Kept(tmp_path, ["m"]).each("answer", ["a", "b"], None, interrupted)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b'["half a li')
    assert asked(Kept(tmp_path, ["m"]), ["a", "b"]) == ([1, {"of": "b"}], [1])
    assert asked(Kept(tmp_path, ["m"]), ["a", "b"]) == ([1, {"of": "b"}], [])


def test_a_changed_entry_is_asked_again(tmp_path: Path) -> None:
    asked(Kept(tmp_path, ["m"]), ["a", "b"])
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text().replace('{"of": "a"}', '{"of": "z"}'))
    assert asked(Kept(tmp_path, ["m"]), ["a", "b"]) == ([{"of": "a"}, {"of": "b"}], [0])


def test_changed_code_meets_no_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(Kept(tmp_path, ["m"]), ["a"])
    monkeypatch.setattr(kept, "_code", lambda: "another")
    assert asked(Kept(tmp_path, ["m"]), ["a"])[1] == [0]


def test_questions_are_not_kept_and_a_file_is_its_owners(tmp_path: Path) -> None:
    def ask(missing: Sequence[int], keep: Keep) -> None:
        keep(missing[0], "the answer")

    folder = tmp_path / "predictions"
    Kept(folder, ["m"]).each("answer", ["a question of Ms Doe"], None, ask)
    (file,) = folder.iterdir()
    assert "Doe" not in file.read_text()
    assert json.loads(file.read_text())[2] == "the answer"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)


def test_there_is_an_end_to_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_FILES", 2)
    for model in "abc":
        asked(Kept(tmp_path, [model]), ["a"])
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(kept, "_LARGEST", 150)
    store = Kept(tmp_path, ["d"])
    asked(store, list(range(50)))
    assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 150


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert asked(Kept(tmp_path / "file" / "below", ["m"]), ["a"]) == ([{"of": "a"}], [0])
