"""Chinese names behind a label or a role, and the words that look like them."""

import pytest

from r1tailor.corpus.privacy import people_zh
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("主管医师：李明", "主管医师：[NAME]"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "患者高热3天，体温38.5℃，血压120/80mmHg，白细胞11.2×10⁹/L，全身黄染。",
        "第五百七十七条 当事人一方不履行合同义务的，应当承担违约责任。",
    ],
)
def test_what_identifies_nobody_survives(text: str) -> None:
    assert redacted(text) == text


def _names(text: str) -> set[str]:
    return {text[finding.start : finding.end] for finding in people_zh.find(text)}


def test_a_label_and_a_title_lead_to_a_name() -> None:
    assert _names("患者姓名：张志强，男。") == {"张志强"}
    assert _names("由王医生接诊。") == {"王"}
    assert _names("患者高血压多年。") == set()
