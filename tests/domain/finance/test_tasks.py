"""Right answers of the four tasks, by hand-computed cases."""

import re

import pytest

from r1tailor.domain.answers import label_in
from r1tailor.domain.finance.settings import MarketTask, Thresholds
from r1tailor.domain.finance.tasks import answer
from r1tailor.domain.finance.words import ENGLISH

THRESHOLDS = Thresholds(trend=0.03, calm=0.3, turbulent=0.7, elevated=0.05, high=0.10)
QUIET: dict[str, float | None] = {
    "return_window": 0.0,
    "volatility_21": 0.10,
    "volatility_63": 0.10,
    "volatility_rank": 0.5,
    "drawdown": 0.0,
    "drawdown_change": 0.0,
    "breadth": 0.6,
    "correlation_change": 0.0,
    "spread_change": 0.0,
}
WARNED = QUIET | {"volatility_21": 0.13, "drawdown": -0.08, "drawdown_change": -0.05, "breadth": 0.2}


def _label(task: MarketTask, ahead: float = 0.0, **features: float | None) -> str:
    return answer(task, QUIET | features, ahead, THRESHOLDS).label


@pytest.mark.parametrize(
    ("task", "feature", "expected"),
    [
        ("trend", "return_window", [(-0.2, "down"), (-0.0301, "down"), (-0.03, "flat"), (0.03, "flat"), (0.031, "up")]),
        (
            "volatility",
            "volatility_rank",
            [(0.0, "calm"), (0.29, "calm"), (0.3, "normal"), (0.69, "normal"), (0.7, "turbulent"), (1.0, "turbulent")],
        ),
    ],
)
def test_trend_and_volatility_are_read_off_the_features(
    task: MarketTask, feature: str, expected: list[tuple[float, str]]
) -> None:
    assert [(value, _label(task, **{feature: value})) for value, _ in expected] == expected


@pytest.mark.parametrize(
    ("ahead", "risk", "allocation"),
    [
        (0.0, "low", "hold"),
        (-0.0499, "low", "hold"),
        (-0.05, "elevated", "reduce"),
        (-0.0999, "elevated", "reduce"),
        (-0.10, "high", "exit"),
        (-0.5, "high", "exit"),
    ],
)
def test_risk_and_allocation_follow_from_the_drawdown_ahead(ahead: float, risk: str, allocation: str) -> None:
    assert (_label("risk", ahead), _label("allocation", ahead)) == (risk, allocation)


@pytest.mark.parametrize(
    ("features", "terms"),
    [
        ({}, ["no warning sign"]),
        ({"volatility_21": 0.121}, ["volatility rising"]),
        ({"volatility_21": 0.12}, ["no warning sign"]),
        ({"drawdown": -0.06, "drawdown_change": -0.03}, ["drawdown deepening"]),
        ({"drawdown": -0.06, "drawdown_change": 0.0}, ["no warning sign"]),
        ({"drawdown": -0.04, "drawdown_change": -0.03}, ["no warning sign"]),
        ({"breadth": 0.39}, ["breadth narrow"]),
        ({"correlation_change": 0.06}, ["correlation rising"]),
        ({"spread_change": 0.11}, ["credit spread widening"]),
        ({"breadth": None, "correlation_change": None, "spread_change": None}, ["no warning sign"]),
        ({"spread_change": 0.2, "breadth": 0.1}, ["breadth narrow", "credit spread widening"]),
    ],
)
def test_a_reason_names_the_signs_that_stood_at_the_time(features: dict[str, float | None], terms: list[str]) -> None:
    for ahead in (0.0, -0.3):  # whatever came of them
        found = answer("risk", QUIET | features, ahead, THRESHOLDS)
        assert list(found.terms) == terms
        assert found.reason == f"{', '.join(terms).capitalize()}."


def test_reasons_name_no_label_of_their_task_so_that_an_answer_cannot_be_misread() -> None:
    for task, labels in ENGLISH.labels.items():
        for features in (QUIET, WARNED, WARNED | {"return_window": 0.1}, WARNED | {"return_window": -0.1}):
            found = answer(task, features, -0.3, THRESHOLDS)
            assert not re.search(rf"\b({'|'.join(labels)})\b", found.reason, re.IGNORECASE)
            assert label_in(f"{found.label.upper()}. {found.reason}", ENGLISH.labels[task]) == found.label
    assert label_in("upper, downward, highest", ENGLISH.labels["trend"]) == label_in("", ENGLISH.labels["risk"]) == ""
