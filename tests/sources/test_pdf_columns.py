"""Columns of a PDF page, and what looks like columns and is not."""

from pathlib import Path

import pytest

from tests.support.pdf_pages import PAGES, Draw, both, pdf, text
from tests.support.raw import collected, write

WORDS = (
    *("the", "patient", "was", "given", "aspirin", "and", "the", "pain", "in", "his", "chest"),
    *("went", "away", "after", "two", "hours", "of", "rest", "on", "the", "ward"),
)


def prose(name: str, lines: int, words: int = 6) -> list[str]:
    """Return lines that end in a name and their number; one in four begins a sentence."""
    texts = (" ".join(WORDS[(line * 5 + word) % len(WORDS)] for word in range(words)) for line in range(lines))
    return [f"{text if line % 4 else text.capitalize()} {name}{line}" for line, text in enumerate(texts)]


def column(lines: list[str], x: float, y: float = 780, size: float = 9) -> Draw:
    return text(*[(size, line) for line in lines], x=x, y=y)


def _lines(tmp_path: Path, *draws: Draw) -> list[str]:
    write(tmp_path, "guide.pdf", pdf(both(*draws)))
    (document,), rejected = collected(PAGES, tmp_path)
    assert rejected == []
    return document.text.split("\n")


def test_columns_whose_lines_all_begin_with_a_capital_are_told_by_their_length(tmp_path: Path) -> None:
    left, right = ([line.capitalize() for line in prose(name, 9)] for name in "LR")
    assert _lines(tmp_path, column(left, 60), column(right, 320)) == left + right


@pytest.mark.parametrize("short", [3, 5])
@pytest.mark.parametrize("size", [9, 9.5], ids=["on common baselines", "on baselines of their own"])
def test_a_short_column_follows_the_long_one(short: int, size: float, tmp_path: Path) -> None:
    left, right = prose("L", 20), prose("R", short)
    assert _lines(tmp_path, column(left, 60), column(right, 320, size=size)) == left + right
    assert _lines(tmp_path / "other", column(right, 60, size=size), column(left, 320)) == right + left


def test_three_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    columns = [prose(name, 12, words=4) for name in "ABC"]
    draws = [column(lines, 40 + 175 * number, 740) for number, lines in enumerate(columns)]
    title = "A title that runs over all three of the columns, from the left edge of the page to the right one of it"
    assert _lines(tmp_path, text((11, title), x=40), *draws) == [title, *columns[0], *columns[1], *columns[2]]


def test_a_narrow_column_of_notes_is_read_by_itself(tmp_path: Path) -> None:
    notes = ["Give it only", "after food and", "with enough", "water to drink"]
    body = prose("B", 14, words=12)
    assert _lines(tmp_path, column(notes, 40), column(body, 140)) == notes + body


def test_sections_of_one_two_and_three_columns_follow_each_other(tmp_path: Path) -> None:
    wide = prose("W", 4, words=19)
    two, three = [prose(name, 6) for name in "XY"], [prose(name, 6, words=4) for name in "ABC"]
    draws = [
        column(wide, 40, 780),
        *(column(lines, 40 + 260 * number, 700) for number, lines in enumerate(two)),
        column(wide, 40, 600),
        *(column(lines, 40 + 175 * number, 520) for number, lines in enumerate(three)),
    ]
    assert _lines(tmp_path, *draws) == [*wide, *two[0], *two[1], *wide, *three[0], *three[1], *three[2]]


def test_header_and_footer_stand_before_and_after_the_columns(tmp_path: Path) -> None:
    left, right = prose("L", 12), prose("R", 12)
    head = [column(["Journal of Wards"], 60, 820), column(["Page 3"], 480, 820)]
    foot = [column(["Preprint"], 60, 30), column(["2026"], 500, 30)]
    found = _lines(tmp_path, *head, column(left, 60), column(right, 320), *foot)
    assert found == ["Journal of Wards Page 3", *left, *right, "Preprint 2026"]


def test_a_heading_below_the_columns_comes_after_both(tmp_path: Path) -> None:
    left, right, wide = prose("L", 8), prose("R", 8), prose("W", 3, words=19)
    draws = [column(left, 60), column(right, 320), column(["References"], 60, 640), column(wide, 60, 625)]
    assert _lines(tmp_path, *draws) == [*left, *right, "References", *wide]


TABLES = {
    "short cells": [["Drug", "Dose", "Route"], *[[f"Drug {n}", f"{n}.5 mg", "by mouth"] for n in range(6)]],
    "cells of words": [[f"Heart failure of grade {n}", f"Give {n} tablets every morning"] for n in range(6)],
    "numbers": [[f"Value of the item {n} here", f"{n}.25", f"{n * 7}.5 %"] for n in range(6)],
    "terms": [[f"--option-{n}", "what this option does when it is given"] for n in range(6)],
}


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_a_table_without_rules_stays_in_its_rows(rows: list[list[str]], tmp_path: Path) -> None:
    draws = [column([row[number] for row in rows], 60 + 170 * number) for number in range(len(rows[0]))]
    assert _lines(tmp_path, *draws) == [" ".join(row) for row in rows]


def test_a_table_without_rules_between_columns_of_prose_keeps_its_rows(tmp_path: Path) -> None:
    left, right, rows = prose("L", 8), prose("R", 8), TABLES["short cells"]
    cells = [column([row[number] for row in rows], 60 + 260 * number, 640) for number in range(2)]
    wide = "A caption that runs over the whole page, from its left edge to its right edge, over both of its columns"
    found = _lines(tmp_path, column(left, 60), column(right, 320), column([wide], 60, 660), *cells)
    assert found == [*left, *right, wide, *(" ".join(row[:2]) for row in rows)]


CODE = ("x[0] = 2.1;", "y(1, 2);", "for (int i = 0; i < n; i++) {", "s += x[i];", "}", "return s / n;", "// the mean")


def _code(name: str, lines: int) -> list[str]:
    return [f"{CODE[line % len(CODE)]} {name}{line}" for line in range(lines)]


def test_columns_of_code_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = _code("L", 24), _code("R", 24)
    assert _lines(tmp_path, column(left, 60), column(right, 320, 776)) == left + right


def test_labels_in_the_middle_of_their_cells_are_no_column(tmp_path: Path) -> None:
    rows = [(f"Drug {number}", f"{number} mg", f"of {number} g") for number in range(14)]
    draws = [
        draw
        for number, (label, first, second) in enumerate(rows)
        for draw in (column([label], 60, 780 - 40 * number), column([first, second], 320, 785 - 40 * number))
    ]
    found = _lines(tmp_path, *draws)
    assert len(found) == 42
    for number, (label, first, second) in enumerate(rows):
        assert sorted(found[3 * number : 3 * number + 3]) == sorted((label, first, second))
