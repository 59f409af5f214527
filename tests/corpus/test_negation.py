"""How far a negation reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1tailor.corpus import negation
from r1tailor.corpus.folding import fold
from tests.corpus.test_terms import _PROPERTY, WHOLE, standardiser


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
