"""Terms in two languages: which are found, which are left alone, and that every change can be undone (trap 22)."""

import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from r1tailor.corpus import terms, vocabularies
from r1tailor.corpus.terms import Replacement, Standardiser, undo
from r1tailor.corpus.vocabularies import Entry
from r1tailor.records import Document
from r1tailor.schema.corpus import Fuzzy, Terms
from tests.conftest import ROOT

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=300)
_VOCABULARY: dict[str, Any] = {"kind": "synonyms", "name": "v", "path": "v.csv", "licence": "", "available_at": ""}


def standardiser(*entries: tuple[str, ...], mode: str = "replace", fuzzy: Fuzzy | None = None) -> Standardiser:
    section = _VOCABULARY | {"on_damage": "stop"}
    chosen = Terms.model_validate({"mode": mode, "vocabularies": [section], "fuzzy": fuzzy})
    return Standardiser.of([Entry(*entry, *[""] * (3 - len(entry))) for entry in entries], chosen)


PAIRS = [
    ("MI", "myocardial infarction", "I21"),
    ("heart attack", "myocardial infarction", "I21"),
    ("diabetes", "diabetes mellitus", "E14"),
    ("diabetes mellitus", "diabetes mellitus", "E14"),
    ("type 2 diabetes", "type 2 diabetes mellitus", "E11"),
    ("cold", "common cold", "J00"),
    ("cold", "low temperature", "R68"),
    ("afebrile", "without fever", "R50"),
    ("straße", "street", "S1"),
    ("istanbul", "Constantinople", "S2"),
    ("高血压", "高血压病", "I10"),
    ("2型糖尿病", "二型糖尿病", "E11"),
    ("糖尿病", "消渴", "E14"),
    ("CT", "计算机断层扫描", "X1"),
    ("x", "never found", ""),
]
WHOLE = standardiser(*PAIRS)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Heart Attack, then diabetes.", "myocardial infarction, then diabetes mellitus."),
        ("diabetes mellitus and diabetes mellitusx", "diabetes mellitus and diabetes mellitus mellitusx"),
        ("prediabetes, diabetess, diabetes2, 2diabetes", "prediabetes, diabetess, diabetes2, 2diabetes"),
        ("患diabetes者，行CT检查", "患diabetes mellitus者，行计算机断层扫描检查"),
        ("原发性高血压，2型糖尿病", "原发性高血压病，二型糖尿病"),
        ("12型糖尿病，1.2型糖尿病", "12型消渴，1.2型消渴"),
        ("MI but no mi or Mi", "myocardial infarction but no mi or Mi"),
        ("a cold day", "a cold day"),
        ("He is afebrile.", "He is afebrile."),
        ("STRASSE, STRAẞE, Straße", "STRASSE, street, street"),
        ("İ! diabetes in İstanbul, ﬁ", "İ! diabetes mellitus in Constantinople, ﬁ"),
        ("heart\u00a0attack heart\nattack", "myocardial infarction heart\nattack"),
        ("type 2 diabetes x", "type 2 diabetes mellitus x"),
    ],
)
def test_the_longest_name_at_a_boundary_becomes_the_preferred_one(text: str, after: str) -> None:
    new, found = WHOLE.apply(text)
    assert new == after
    assert undo(new, found) == text


def test_a_replacement_says_where_it_stands_in_the_new_text() -> None:
    new, found = WHOLE.apply("No MI. 糖尿病")
    assert new == "No myocardial infarction. 消渴"
    assert found == [
        Replacement(3, 24, "MI", "myocardial infarction", "I21", "exact", negated=True),
        Replacement(26, 28, "糖尿病", "消渴", "E14", "exact", negated=False),
    ]


def test_annotating_leaves_the_text_as_it_is_and_finds_what_replacing_would_not_dare() -> None:
    annotate = standardiser(*PAIRS, mode="annotate")
    text = "afebrile, MI, cold"
    new, found = annotate.apply(text)
    assert (new, undo(new, found)) == (text, text)
    assert [(text[r.start : r.end], r.preferred) for r in found] == [
        ("afebrile", "without fever"),
        ("MI", "myocardial infarction"),
    ]


def test_a_name_with_two_codes_of_one_preferred_form_has_none() -> None:
    _, (found,) = standardiser(("flu", "influenza", "J10"), ("flu", "influenza", "J11")).apply("flu")
    assert (found.preferred, found.code) == ("influenza", "")


_WORDS = st.sampled_from(
    [term for term, *_ in PAIRS] + ["İ", "ß", "ﬁ", "no ", "无", "1.", " ", "-", "s", "，", "Ⅳ", "\n"]
)
_TEXT = st.one_of(st.lists(_WORDS).map("".join), st.text(max_size=30), st.lists(_WORDS).map(" ".join))
FUZZY = standardiser(*PAIRS, fuzzy=Fuzzy(threshold=0.8, margin=0))


@_PROPERTY
@given(_TEXT, st.sampled_from([WHOLE, FUZZY, standardiser(*PAIRS, mode="annotate")]))
@example("İİ diabtes ßdiabetes", FUZZY)
def test_every_replacement_is_undone_exactly_and_stands_where_it_says(text: str, chosen: Standardiser) -> None:
    new, found = chosen.apply(text)
    assert undo(new, found) == text
    for replacement in found:
        assert new[replacement.start : replacement.end] in (replacement.preferred, replacement.surface)
    assert [r.start for r in found] == sorted(r.start for r in found)


# --- negation ----------------------------------------------------------------------------------------------------


# --- as a step ---------------------------------------------------------------------------------------------------


def test_a_step_stores_plain_json_and_notes_what_was_found_and_what_was_left_alone() -> None:
    step = terms.step(standardiser(*PAIRS, ("tuberculosis", "TB"), fuzzy=Fuzzy(threshold=0.9, margin=0)))
    document = Document("d", "no MI, cold, afebrile, tuberculosiss", **FACTS, fields={"n": 1})
    result, notes = step(document)
    assert result.text == "no myocardial infarction, cold, afebrile, TB"
    assert json.loads(json.dumps(result.fields)) == result.fields
    assert result.fields["n"] == 1
    assert undo(result.text, [Replacement(**term) for term in result.fields["terms"]]) == document.text
    assert [(note.rule, note.sample) for note in notes] == [
        ("terms.exact", {"id": "d", "at": 3, "preferred": "myocardial infarction", "code": "I21"}),
        ("terms.fuzzy", {"id": "d", "at": 42, "preferred": "TB", "code": ""}),
        ("terms.ambiguous", {"id": "d", "at": 7}),
        ("terms.negation", {"id": "d", "at": 13}),
    ]
    again = pickle.loads(pickle.dumps(step))
    assert again(document) == (result, notes)


@pytest.fixture(scope="module")
def icd10cm() -> Callable[..., Standardiser]:
    """Return standardisers over the whole of ICD-10-CM."""
    (path,) = (ROOT / "data" / "packaged" / "icd10cm").glob("*.xml")
    section = _VOCABULARY | {"kind": "icd10cm", "path": str(path), "on_damage": "stop"}
    chosen = Terms.model_validate({"mode": "replace", "vocabularies": [section], "fuzzy": None})
    entries = vocabularies.read(chosen, Path("/"), [])
    return lambda **changes: Standardiser.of(entries, chosen.model_copy(update=changes))


def test_the_whole_of_icd10cm_is_found_and_undone_in_its_own_words(icd10cm: Callable[..., Standardiser]) -> None:
    chosen = icd10cm()
    entries = random.Random(0).sample(chosen._vocabulary, 400)
    text = "; ".join(entry.term for entry in entries)
    new, found = chosen.apply(text)
    assert undo(new, found) == text
    left = len(chosen.find(text).left)
    assert len(found) + left >= len(entries)
    assert left < 0.1 * len(entries)
