"""Misspelt terms."""

import pytest

from r1tailor.corpus import terms
from r1tailor.corpus.terms import undo
from r1tailor.records import Document
from r1tailor.schema.corpus import Fuzzy
from tests.corpus.test_terms import FACTS, standardiser

DISEASES = [(name, name.upper(), name[:3]) for name in ("cholera", "diabetes mellitus", "hypertension", "symptomatic")]
DISEASES += [("tuberculosis", "TB", "A15"), ("tuberculoses", "TBS", "A16"), ("vitamin b12 deficiency", "B12", "E53")]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a diabtes mellitus, hypertnesion", "a DIABETES MELLITUS, HYPERTENSION"),
        ("Hypertention", "HYPERTENSION"),
        ("hypotension", "hypotension"),
        ("asymptomatic", "asymptomatic"),
        ("cholra", "cholra"),
        ("tuberculosos", "tuberculosos"),
        ("vitamn b12 deficiency", "vitamn b12 deficiency"),
        ("hypertention2", "hypertention2"),
        ("prediabtes mellitus", "prediabtes mellitus"),
        ("diabetes melitus with cholera", "DIABETES MELLITUS with CHOLERA"),
    ],
    ids=lambda text: text,
)
def test_a_misspelt_term_is_read_only_where_it_is_clear_which_is_meant(text: str, after: str) -> None:
    new, found = standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.9, margin=0.02)).apply(text)
    assert new == after
    assert undo(new, found) == text
    assert standardiser(*DISEASES).apply("hypertnesion") == ("hypertnesion", [])


def test_threshold_and_margin_decide() -> None:
    assert standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.85, margin=0)).apply("cholra")[0] == "CHOLERA"
    near = "tuberculosiss"
    assert standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.9, margin=0.02)).apply(near)[0] == "TB"
    assert standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.9, margin=0.2)).apply(near)[0] == near


def test_an_unclear_misspelling_is_noted() -> None:
    step = terms.step(standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.9, margin=0.2)))
    _, notes = step(Document("d", "a tuberculosiss", **FACTS))
    assert [(note.rule, note.sample) for note in notes] == [("terms.unclear", {"id": "d", "at": 2})]
