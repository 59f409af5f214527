"""The packaged EU laws: their articles, and what is damaged in them."""

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from r1tailor.sources import eu_laws
from tests.support.packaged_cases import read_by, real


def test_eu_laws_are_401_articles_of_six_acts_and_three_pieces_of_others() -> None:
    documents, rejected = real("legal")
    counts = Counter(document.fields["act"] for document in documents)
    assert counts == {
        "EU AI Act": 113,
        "GDPR": 99,
        "Cyber Resilience Act": 71,
        "DORA": 64,
        "NIS2 Directive": 46,
        "CSRD": 8,
    }
    assert {str(rejection).partition(": ")[2] for rejection in rejected} == {
        "no article of its act, which has 8: a piece of an act that it amends"
    }
    assert len(rejected) == 3
    erasure = next(document for document in documents if document.id == "32016R0679-17")
    assert erasure.text.startswith(
        "Right to erasure (‘right to be forgotten’) 1. The data subject shall have the right"
    )
    assert (erasure.fields["official_number"], erasure.available_at) == ("2016/679", "2016-04-27")
    assert not any(document.text.startswith("Article ") for document in documents)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((7, "3R9", 1, "Secret"), "its act is not in the table regulations"),
        ((7, "3R1", "one", "Secret"), "article_number is no number"),
        ((7, "3R1", None, "Secret"), "article_number is no number"),
        ((7, "3R1", 1, " "), "content is empty"),
        ((7, "3R1", 1, b"\xff"), "content is empty"),
        ((7, "3R1", 3, "Secret"), "no article of its act, which has 2: a piece of an act that it amends"),
        ((7, "3R1", 0, "Secret"), "no article of its act, which has 2: a piece of an act that it amends"),
    ],
)
def test_a_damaged_eu_article_is_rejected_by_its_id(
    row: tuple[object, ...], message: str, eu: sqlite3.Connection, tmp_path: Path
) -> None:
    eu.execute("INSERT INTO articles VALUES (1, '3R1', 2, 'Article 2 Scope 1. All.')")
    eu.execute("INSERT INTO articles VALUES (?, ?, ?, ?)", row)
    eu.commit()
    (kept,), rejected = read_by(eu_laws.read, tmp_path / "eu.db")
    assert (kept.id, kept.text, kept.available_at) == ("3R1-2", "Scope 1. All.", "2020-02-02")
    assert rejected == [f"eu.db, articles, id 7: {message}"]
