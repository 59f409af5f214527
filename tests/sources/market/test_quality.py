"""Splits, outliers and holes are told from crashes by prices alone."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from r1tailor.sources.market.quality import Finding, findings
from tests.support.market_documents import days, real, walk

DAYS = [date.fromisoformat(day) for day in days(400)]
CALM = [float(close) for close in walk(400)[:, 0]]


def _kinds(prices: Sequence[float], gap_days: int = 12) -> list[tuple[str, int, float]]:
    found = findings(DAYS[: len(prices)], prices, gap_days)
    return [(finding.kind, DAYS.index(finding.day), round(finding.split, 3)) for finding in found]


def _stepped(at: int, factor: float) -> list[float]:
    return [*CALM[:at], *(close * factor for close in CALM[at:])]


def test_a_calm_series_shows_nothing() -> None:
    assert _kinds(CALM) == []


@pytest.mark.parametrize(
    ("factor", "ratio"), [(1 / 7, 7), (1 / 2, 2), (2 / 3, 1.5), (1 / 20, 20), (10, 0.1), (3, 1 / 3)]
)
@pytest.mark.parametrize("at", [200, 3, 397])
def test_a_split_is_a_step_by_a_ratio_with_calm_days_around_it(factor: float, ratio: float, at: int) -> None:
    assert _kinds(_stepped(at, factor)) == [("split", at, round(ratio, 3))]


def test_two_splits_are_both_found() -> None:
    prices = [close / 7 if n >= 100 else close for n, close in enumerate(CALM)]
    assert _kinds([close / 4 if n >= 300 else close for n, close in enumerate(prices)]) == [
        ("split", 100, 7.0),
        ("split", 300, 4.0),
    ]


def test_a_crash_of_the_size_of_a_split_is_none() -> None:
    moves = np.diff(np.log(CALM))
    moves[199] = np.log(0.5)
    moves[200:206] = [0.12, -0.1, 0.08, -0.11, 0.09, -0.07]  # nobody trades calmly after a loss of half
    crash = [float(close) for close in 100 * np.exp(np.concatenate([[0], np.cumsum(moves)]))]
    assert ("split", 200, 2.0) not in _kinds(crash)
    assert ("step", 200, 1.0) in _kinds(crash)


@pytest.mark.parametrize("factor", [10, 0.1, 1.5, 1 / 7])
def test_an_outlier_is_back_on_the_next_day(factor: float) -> None:
    assert _kinds([close * factor if n == 200 else close for n, close in enumerate(CALM)]) == [("outlier", 200, 1.0)]


def test_a_hole_is_a_stretch_of_days_without_a_price() -> None:
    kept = [(day, price) for n, (day, price) in enumerate(zip(DAYS, CALM, strict=True)) if not 100 <= n < 120]
    (hole,) = findings([day for day, _ in kept], [price for _, price in kept], 12)
    assert (hole.kind, hole.before, hole.day) == ("hole", DAYS[99], DAYS[120])


def test_the_real_index_has_no_split_and_no_outlier_in_33_years() -> None:
    rows = [row for row in real() if row.source == "sp500"]
    found = list(
        findings(
            [date.fromisoformat(row.fields["event"]) for row in rows],
            [row.fields["values"]["SP500"] for row in rows],
            12,
        )
    )
    assert found == []


def test_33_years_of_20_adjusted_stocks_show_no_split() -> None:
    rows = [row for row in real() if row.source == "stocks"]
    names = sorted({name for row in rows for name in row.fields["values"]})
    found: list[Finding] = []
    for name in names:
        held = [
            (date.fromisoformat(row.fields["event"]), row.fields["values"][name])
            for row in rows
            if name in row.fields["values"]
        ]
        found += findings([day for day, _ in held], [price for _, price in held], 12)
    assert [finding for finding in found if finding.kind in ("split", "outlier")] == []
    assert date(2000, 9, 29) in {finding.day for finding in found if finding.kind == "step"}  # Apple lost half
