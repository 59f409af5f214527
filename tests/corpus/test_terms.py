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

from r1tailor.corpus import negation, terms, vocabularies
from r1tailor.corpus.folding import _STANDS_FOR, fold
from r1tailor.corpus.matching import Matcher, is_beginning, is_end
from r1tailor.corpus.scripts import is_word_character
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


@_PROPERTY
@given(_TEXT)
def test_folding_keeps_every_offset_and_is_the_same_for_a_part_that_begins_a_word(text: str) -> None:
    assert len(fold(text)) == len(text)
    for start in range(len(text)):
        if is_beginning(text, start) and (start == 0 or not text[start - 1].isalpha()):
            assert fold(text)[start:] == fold(text[start:])


def test_the_characters_that_case_makes_longer_are_all_known() -> None:
    longer = {c for c in map(chr, range(0x110000)) if len(c.title()) > 1 or len(c.lower()) > 1}
    assert longer == set(_STANDS_FOR)


def slowly(entries: list[tuple[str, ...]], text: str) -> list[tuple[int, int]]:
    """Return what the longest names from the left are, by trying every one at every place."""
    names = [term for term, *_ in entries if len(term) > 1]
    found, start = [], 0
    while start < len(text):
        fitting = [
            len(name)
            for name in names
            if fold(text[start : start + len(name)]) == fold(name)
            and (name != "MI" or text[start : start + 2] == "MI")
            and (name != "CT" or text[start : start + 2] == "CT")
            and is_beginning(text, start)
            and (not is_word_character(name[-1]) or is_end(text, start + len(name)))
        ]
        found += [(start, start + max(fitting))] if fitting else []
        start += max(fitting, default=1)
    return found


@_PROPERTY
@given(_TEXT)
def test_what_is_found_is_what_trying_every_name_at_every_place_finds(text: str) -> None:
    matcher = Matcher([Entry(*entry) for entry in PAIRS])
    assert [(m.start, m.end) for m in matcher.longest(text, fold(text))] == slowly(PAIRS, text)


# --- misspellings ------------------------------------------------------------------------------------------------

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


# --- negation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("No heart attack", True),
        ("denies cough, fever or heart attack.", True),
        ("no fever. Heart attack in 2019", False),
        ("no fever but heart attack", False),
        ("not only a heart attack", False),
        ("heart attack was ruled out", True),
        ("heart attack, pneumonia was ruled out", False),
        ("pain 3.5 without heart attack", True),
        ("non-diabetes", True),
        ("notable heart attack", False),
        ("无发热、高血压", True),
        ("无发热，高血压3年", False),
        ("否认高血压。糖尿病", True),
        ("不除外高血压", False),
        ("无明显诱因出现高血压", False),
        ("高血压（-）", True),
        ("发热(-)、高血压", False),
        ("没有高血压", True),
        ("高血压已排除", True),
        ("有高血压", False),
    ],
)
def test_negation_reaches_as_far_as_the_rule_says(text: str, negated: bool) -> None:
    _, found = standardiser(("heart attack", "MI"), ("高血压", "HTN"), ("diabetes", "DM")).apply(text)
    assert found[0].negated == negated


@_PROPERTY
@given(
    st.lists(st.sampled_from(["no ", "无", "afebrile", "diabetes", "without fever", "，", ". ", "否认", "ruled out"]))
)
def test_a_replacement_neither_swallows_nor_adds_a_negation(parts: list[str]) -> None:
    for replacement in WHOLE.apply(" ".join(parts))[1]:
        assert negation.are_alike(replacement.surface, replacement.preferred)


@_PROPERTY
@given(st.text("no,.;无否认高-()（）notbu \n阴性", max_size=40))
def test_scopes_are_in_order_and_do_not_overlap(text: str) -> None:
    scopes = negation.scopes(text, fold(text))
    edges = [edge for pair in zip(scopes.starts, scopes.ends, strict=True) for edge in pair]
    assert edges == sorted(edges)


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


def test_an_unclear_misspelling_is_noted() -> None:
    step = terms.step(standardiser(*DISEASES, fuzzy=Fuzzy(threshold=0.9, margin=0.2)))
    _, notes = step(Document("d", "a tuberculosiss", **FACTS))
    assert [(note.rule, note.sample) for note in notes] == [("terms.unclear", {"id": "d", "at": 2})]


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
