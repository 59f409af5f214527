"""CSV as people's programs write it: marks, separators, quotes that never close."""

from contextlib import suppress
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.records import Rejection
from r1tailor.sources import read
from tests.support.source_cases import Case
from tests.support.table_cases import documents

COLUMNS = {"input": "note", "output": "ward"}
ROWS = "note;ward\nwell, thank you;Jörg’s\n"


@pytest.mark.parametrize("name", ["n.csv", "n.tsv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found(separator: str, encoding: str, name: str, tmp_path: Path) -> None:
    text = ROWS.replace(";", separator).replace("well, thank you", '"well, thank you"')
    (tmp_path / name).write_bytes(text.encode(encoding))
    (found,) = documents(tmp_path, name, columns=COLUMNS)
    assert (found.text, found.fields, found.position) == ("well, thank you", {"output": "Jörg’s"}, "line 2")


@pytest.mark.parametrize("told", ["sep=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"])
def test_the_line_with_which_excel_tells_the_separator_is_no_header(told: str, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes((told + "note;ward\na,b,c,d;W\n").encode())
    (found,) = documents(tmp_path, "n.csv", columns=COLUMNS)
    assert (found.text, found.fields, found.position) == ("a,b,c,d", {"output": "W"}, "line 3")


def test_blanks_around_names_do_not_count_and_columns_without_a_name_are_kept(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(" note , ward,\nwell,W,x\n", encoding="utf-8")
    (found,) = documents(tmp_path, "n.csv", columns=COLUMNS)
    assert found.fields == {"output": "W", "column 3": "x"}


def _rejected(root: Path, text: str) -> tuple[int, list[str]]:
    (root / "n.csv").write_text(text, encoding="utf-8")
    rejected: list[Rejection] = []
    count = 0
    with suppress(DataError):
        for count, _ in enumerate(  # noqa: B007
            read(
                Case("", {"kind": "table", "path": "n.csv", "columns": COLUMNS}, lambda *_: None).source(),
                root,
                rejected,
            ),
            start=1,
        ):
            pass
    return count, [str(one) for one in rejected]


def test_a_quote_that_never_closes_says_from_which_line_nothing_was_read(tmp_path: Path) -> None:
    text = 'note,ward\nwell,W\n"never closed,W\n' + "well,W\n" * 100
    assert _rejected(tmp_path, text) == (
        1,
        ["n.csv, line 3: a quote of this row never closes; the rest is not read, from line 3 to 103, the last"],
    )


def test_a_quote_that_another_row_closes_is_met_in_the_same_way(tmp_path: Path) -> None:
    text = 'note,ward\n"never closed,W\nwell,W\n"fine, too",W\nwell,W\n'
    assert _rejected(tmp_path, text) == (
        0,
        ["n.csv, line 2: not CSV: ',' expected after '\"' (line 4); the rest is not read, from line 2"],
    )


def test_the_line_that_is_printed_says_how_a_file_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("note,ward,MRN\nwell,W,7\nill,W,8\n", encoding="utf-8")
    documents(tmp_path, ".", columns=COLUMNS)
    assert capsys.readouterr().out == (
        "mine: utf-8, separator ','; input = note, output = ward; without a part, kept in fields: MRN\n"
    )
