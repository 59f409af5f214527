"""Statements of answers that neither prompt nor reference has: numbers, units, codes, citations, in two languages."""

import pytest

from r1tailor.evaluation.unsupported import Claim, claims, counted, measured, scores, unsupported
from r1tailor.records import Example, Prediction, Sample, Turn


@pytest.mark.parametrize(
    ("answer", "source", "found"),
    [
        ("Give 50 mg.", "The dose is 50 mg.", {}),
        ("Give 0.5 g.", "The dose is 500 mg.", {}),
        ("Give 50 g.", "The dose is 50 mg.", {"unit": 1}),
        ("Give 500 mg.", "The dose is 50 mg.", {"number": 1}),
        ("Take 1,000 units.", "Take 1000 IU.", {}),
        ("5 % of 20", "of 20, 5 percent", {}),
        ("Code E11.9", "diabetes, E11.9", {}),
        ("Code E11.9", "diabetes, E11", {"code": 1}),
        ("Regulation 2016/679", "see 2016/679", {}),
        ("Regulation 2016/697", "see 2016/679", {"code": 1}),
        ("See Articles 5, 6 and 9.", "Article 5 and Article 6", {"citation": 1}),
        ("See Section 12.", "there are 12 months", {"citation": 1}),
        ("依据第十二条处理", "第12条规定", {}),
        ("依据第十三条处理", "第12条规定", {"citation": 1}),
        ("每次500毫克", "每次 0.5 克", {}),
        ("每次500毫克", "每次 0.5 毫克", {"number": 1}),
        ("1. rest\n2. drink", "rest and drink", {}),
        ("no figure at all", "", {}),
    ],
)
def test_what_no_source_has_is_counted_by_class(answer: str, source: str, found: dict[str, int]) -> None:
    assert dict(unsupported(answer, [source])) == found


def test_a_number_within_a_word_or_a_code_is_no_number() -> None:
    assert claims("COVID-19 and B12, v2.5") == {Claim("code", "COVID-19"), Claim("code", "B12")}


def test_prompt_history_and_reference_are_the_sources() -> None:
    item = Example("a", "At most 3 lines.", "for 40 kg", "10 mg", turns=(Turn("user", "aged 7"),), reasoning="2 x 5")
    assert scores(item, Prediction("a", "3 lines, 40 kg, aged 7, 2 x 5: 10 mg", 0.0, 1, "")) == {"unsupported": 0.0}
    assert scores(item, Prediction("a", "<think>99</think>10 mg", 0.0, 1, "")) == {"unsupported": 0.0}, "of the answer"
    assert scores(item, Prediction("a", "11 mg", 0.0, 1, "")) == {"unsupported": 1.0}
    drawn = Prediction("a", "11 mg", 0.0, 1, "", samples=(Sample("10 mg"),))
    assert scores(item, drawn) == {"unsupported": 0.5}


def test_the_share_is_of_items_that_have_something_to_check() -> None:
    items = [Example("a", "", "x", "10 mg"), Example("b", "", "x", "rest")]
    made = [Prediction("a", "10 mg", 0.0, 1, ""), Prediction("b", "rest", 0.0, 1, "")]
    assert measured(items, made)["unsupported"].rows().tolist() == [[0.0, 1.0], [0.0, 0.0]]
    invented = [made[0], Prediction("b", "rest for 3 weeks, see Article 4", 0.0, 1, "")]
    assert measured(items, invented)["unsupported"].value == 0.5
    assert counted(items, invented) == {"answers": 2, "number": 1, "unit": 0, "code": 0, "citation": 1}
    assert measured(items[1:], made[1:]) == {}
