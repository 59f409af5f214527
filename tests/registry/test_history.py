"""A history that only grows: each line names the hash of the one before; a torn last line is cut off."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.errors import RegistryError
from r1tailor.registry import open_registry
from r1tailor.registry.history import History
from tests.support.versions import Shop


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "toy" / "history.jsonl")
    for number in range(1, 5):
        made.add({"action": "register", "version": f"toy-{number}-0123456789", "at": "now"})
    return made


def _changed(line: int, old: str, new: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [text.replace(old, new) if n == line else text for n, text in enumerate(lines, 1)]


BROKEN: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("changed", _changed(2, "register", "promote"), "line 3: line 2 was changed or removed"),
    ("removed", lambda lines: lines[:1] + lines[2:], "line 2: line 1 was changed or removed"),
    ("first removed", lambda lines: lines[1:], "line 1: line 0 was changed or removed"),
    ("swapped", lambda lines: [lines[1], lines[0], *lines[2:]], "line 1: "),
    (
        "added without a hash",
        lambda lines: [*lines, '{"action": "a", "version": "v", "at": "t"}'],
        "line 5: it does not",
    ),
    ("no JSON", lambda lines: [*lines[:3], "{"], "line 4: "),
    ("no text", _changed(4, '"now"', "1"), "line 4: action, version and at must be text"),
]


@pytest.mark.parametrize(("change", "reported"), [(c, r) for _, c, r in BROKEN], ids=[name for name, *_ in BROKEN])
def test_what_was_changed_is_refused_with_its_line(
    history: History, change: Callable[[list[str]], list[str]], reported: str
) -> None:
    assert len(history.entries()) == 4
    lines = change(history.path.read_text().splitlines())
    history.path.write_text("".join(f"{line}\n" for line in lines))
    before = history.path.read_bytes()
    for act in (history.entries, lambda: history.add({"action": "a", "version": "v", "at": "t"})):
        with pytest.raises(RegistryError, match=reported):
            act()
    assert history.path.read_bytes() == before


@pytest.mark.parametrize("tail", [b'{"action": "pro', b"\0\0\0", b'\0\0\0ote"}\n', b"\xff"])
def test_a_torn_last_line_is_left_out_then_cut_off(history: History, tail: bytes) -> None:
    whole = history.path.read_bytes()
    history.path.write_bytes(whole + tail)
    assert history.is_torn()
    assert len(history.entries()) == 4
    assert history.cut() == f"{history.path}: line 5 was not written to its end and was cut off"
    assert history.path.read_bytes() == whole
    history.path.write_bytes(whole + tail)
    history.add({"action": "register", "version": "toy-5-0123456789", "at": "now"})
    assert len(history.entries()) == 5


def test_a_history_of_an_earlier_release_is_read_and_chained_from_its_end(history: History) -> None:
    old = [{k: v for k, v in entry.items() if k != "before"} for entry in history.entries()]
    history.path.write_text("".join(f"{json.dumps(entry)}\n" for entry in old))
    history.add({"action": "promote", "version": "toy-1-0123456789", "at": "now"})
    assert len(history.entries()) == 5
    history.path.write_text(history.path.read_text().replace("toy-4", "toy-9"))
    with pytest.raises(RegistryError, match="line 5: line 4 was changed"):
        history.entries()


def test_a_torn_line_is_reported_when_the_registry_is_opened(shop: Shop) -> None:
    version = shop.register("one")
    path = shop.registry.history_of("toy").path
    with path.open("ab") as file:
        file.write(b'{"action": "promote", "vers')
    opened = open_registry(shop.folder)
    assert opened.notes == [f"{path}: line 2 was not written to its end and was cut off"]
    assert opened.current("toy") is None
    opened.promote(version.id)
    assert [entry["action"] for entry in opened.history("toy")] == ["register", "promote"]
