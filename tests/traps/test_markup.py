"""A user's text is shown as it stands: no console reads markup or emoji codes in it (trap 61)."""

import ast
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.errors import MarkupError
from rich.table import Table

from r1tailor.__main__ import main
from tests.conftest import ROOT

ESCAPES = {"src/r1tailor/commands/explain.py"}  # it writes markup of its own around escaped texts
TITLE = "Notes [/INST] [bold]:smile:[/bold] [link=x]"


def _consoles() -> Iterator[tuple[str, dict[str, object]]]:
    for file in sorted((ROOT / "src" / "r1tailor").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Console":
                given = {word.arg or "": getattr(word.value, "value", None) for word in node.keywords}
                yield file.relative_to(ROOT).as_posix(), given


def test_no_console_reads_markup_or_emoji_in_what_it_prints() -> None:
    found = list(_consoles())
    assert len(found) > 5
    printing = [(file, given) for file, given in found if given]  # without arguments: only asked for its width
    assert {file for file, given in printing if given.get("emoji") is not False} == set()
    assert {file for file, given in printing if given.get("markup") is not False} == ESCAPES
    assert {file for file, given in found if not given} <= {"src/r1tailor/commands/registry.py"}


def test_a_console_that_reads_markup_would_break(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MarkupError):
        Console().print(TITLE)
    Console(markup=False, emoji=False, width=100).print(TITLE, Table("column", title=TITLE))
    assert TITLE in capsys.readouterr().out


def test_explain_shows_a_title_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "domain.title", f"domain.title='{TITLE}'"])
    assert f"value     {TITLE}" in capsys.readouterr().out
