"""Recommendations are found with the phrase that says for whom or when."""

import pytest

from r1tailor.domain.advice import advice_in, sentences


@pytest.mark.parametrize(
    ("text", "language", "condition"),
    [
        (
            "In adults with high pressure, offer lifestyle advice first.",
            "en",
            "in adults with high pressure",
        ),
        ("If the potassium exceeds 6 mmol/l, stop the drug.", "en", "if the potassium exceeds 6 mmol/l"),
        ("Aspirin should not be given to children under 16.", "en", "to children under 16"),
        (
            "ACE inhibitors are contraindicated in pregnancy and lactation.",
            "en",
            "in pregnancy and lactation",
        ),
        ("CT is advised before surgery in patients with a head injury.", "en", "in patients with a head injury"),
        ("对于合并糖尿病的高血压患者，推荐首选ACEI。", "zh", "对于合并糖尿病的高血压患者"),
        ("妊娠期妇女禁用四环素。", "zh", "妊娠期妇女"),
        ("血钾高于6.0时，应停用本药。", "zh", "血钾高于6.0时"),
    ],
)
def test_the_condition_is_the_guidelines_own(text: str, language: str, condition: str) -> None:
    (found,) = advice_in(text, language)
    assert (found.condition, found.sentence) == (condition, text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hypertension was found in 30 of 100 adults with diabetes.", "en"),
        ("Offer lifestyle advice.", "en"),  # to whom, nobody says
        ("高血压患者约占三成。", "zh"),
        ("推荐限盐。", "zh"),
    ],
)
def test_what_advises_nothing_or_nobody_is_no_recommendation(text: str, language: str) -> None:
    assert not list(advice_in(text, language))


def test_sentences_end_after_a_figure_and_not_within_one() -> None:
    text = "Give 2.5 mg daily. Stop at 6.0 mmol/l. 1.2. See section 3. Then wait."
    assert sentences(text, "en") == ["Give 2.5 mg daily.", "Stop at 6.0 mmol/l.", "See section 3.", "Then wait."]
    assert sentences("推荐限盐。血钾高时停药。", "zh") == ["推荐限盐。", "血钾高时停药。"]
