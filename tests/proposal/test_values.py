"""A draft's values follow from what was found and what a person said."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.proposal.draft import Draft
from r1tailor.proposal.opened import opened
from r1tailor.proposal.values import values
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The draft of a hospital's table."""
    return opened(str(proposal_cases.hospital(tmp_path / "visits.csv")), Wishes(), Asker(silent=True))


def test_dates_over_half_a_year_divide_in_time(draft: Draft, tmp_path: Path) -> None:
    assert values(draft, tmp_path)["split"]["by"] == "similarity"
    rows = [
        {"note": f"something long to read, number {n}", "ward": "ab"[n % 2], "date": f"20{10 + n % 9}-03-01"}
        for n in range(60)
    ]
    path = tmp_path / "dated.csv"
    path.write_text("\n".join([",".join(rows[0]), *('"{note}",{ward},{date}'.format(**row) for row in rows)]), "utf-8")
    dated = opened(str(path), Wishes(), Asker(silent=True))
    assert values(dated, tmp_path)["split"]["by"] == "time"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.pdf", "pdf"), ("a.txt", "text"), ("a.html", "text"), ("a.docx", "text"), ("a.xml", "jats")]
)
def test_documents_get_the_source_of_their_kind(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"<article/>")
    found = opened(str(tmp_path / name), Wishes(), Asker(silent=True))
    (source,) = values(found, tmp_path)["sources"]
    assert (source["kind"], source["path"], found.way) == (kind, name, "text")
    assert values(replace(found, wishes=Wishes(way="passages")), tmp_path)["kind"] == "titled_passages"
    assert values(replace(found, wishes=Wishes(way="annotate")), tmp_path)["annotation"]["exports"] == []


def test_pieces_are_of_continued_pre_training(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some text.", encoding="utf-8")
    found = replace(opened(str(tmp_path / "a.txt"), Wishes(), Asker(silent=True)), passage=40)
    task = values(found, tmp_path)["task"]
    assert (task["kind"], task["passage_characters"], "metrics" in task) == ("text", 40, False)
