"""The source of a draft: its place, its columns, and how its cells are written."""

from pathlib import Path
from typing import Any

from r1tailor.proposal.opened import opened
from r1tailor.proposal.source import file_date, shown, source
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases


def _source(path: Path, root: Path) -> dict[str, Any]:
    return source(opened(str(path), Wishes(), Asker(silent=True)), root)


def test_a_table_with_its_columns(tmp_path: Path) -> None:
    found = _source(proposal_cases.hospital(tmp_path / "visits.csv"), tmp_path)
    assert (found["kind"], found["path"], found["separator"], found["on_damage"]) == (
        "table",
        "visits.csv",
        ",",
        "list",
    )
    named = {"input": "Triage Note", "output": "Department", "group": "MRN", "date": "Visit Date"}
    assert found["columns"] == named | {"fields": []}
    assert found["missing"][-1] == "N/A"


def test_dates_and_holes_in_them_are_settings(tmp_path: Path) -> None:
    rows = [f"a note that is long enough {n};{'ab'[n % 2]};{n % 28 + 1:02}.03.2024" for n in range(40)]
    rows[3] = rows[3].rpartition(";")[0] + ";"
    (tmp_path / "a.csv").write_text("\n".join(["note;ward;date", *rows]), encoding="utf-8")
    found = _source(tmp_path / "a.csv", tmp_path)
    assert (found["dates"], found["columns"]["optional"]) == ("%d.%m.%Y", ["date"])


def test_paths_below_the_root_are_relative_and_others_absolute(tmp_path: Path) -> None:
    assert shown(str(tmp_path / "a" / "b.csv"), tmp_path) == "a/b.csv"
    assert shown(str(tmp_path / "b.csv"), tmp_path / "a") == str((tmp_path / "b.csv").resolve())


def test_what_is_no_file_has_the_first_day() -> None:
    assert file_date("sqlite:///clinic.db") == "1970-01-01"
