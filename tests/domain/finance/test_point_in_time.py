"""What was known at a time is found whatever came later, in whatever order it came."""

import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.errors import DataError
from r1tailor.records import Document
from tests.support.market_documents import row

NAN = float("nan")
ROWS = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 6), st.dictionaries(st.sampled_from("ab"), st.integers(1, 9), min_size=1)
    ),
    min_size=1,
    max_size=12,
)


def _day(number: int) -> str:
    return str(date(2008, 9, 1) + timedelta(number))


def _as_of(rows: list[tuple[int, int, dict[str, int]]], at: int) -> dict[tuple[str, str], float]:
    """Return what was known by brute force: rows in the order of their availability, each overwriting."""
    found: dict[tuple[str, str], float] = {}
    for event, lag, values in sorted(rows, key=lambda one: one[0] + one[1]):
        if event + lag <= at:
            found |= {(_day(event), name): float(value) for name, value in values.items()}
    return found


@given(ROWS, st.integers(-1, 13))
@profile(deadline=None, derandomize=True, database=None, max_examples=300)
def test_as_of_is_what_overwriting_in_the_order_of_availability_leaves(rows: list[Any], at: int) -> None:
    documents = [row("s", _day(event), values, _day(event + lag)) for event, lag, values in rows]
    panel = PointInTime.of(documents).as_of(_day(at))
    places = {
        (str(event), name): float(value)
        for event, values in zip(panel.events, panel.values, strict=True)
        for name, value in zip(panel.names, values, strict=True)
        if not np.isnan(value)
    }
    assert places == _as_of(rows, at)
    assert sorted(set(map(str, panel.events))) == list(map(str, panel.events))


def test_a_revision_counts_from_the_day_it_became_available_and_for_its_own_series_only() -> None:
    rows = [
        row("s", "2008-09-01", {"a": 1.0, "b": 5.0}),
        row("s", "2008-09-02", {"a": 2.0, "b": 6.0}),
        row("s", "2008-09-01", {"a": 9.0}, "2008-09-03", revision=2),
    ]
    known = PointInTime.of(rows)
    assert known.as_of("2008-09-02").values.tolist() == [[1.0, 5.0], [2.0, 6.0]]
    assert known.as_of("2008-09-03").values.tolist() == known.latest().values.tolist() == [[9.0, 5.0], [2.0, 6.0]]
    assert PointInTime.of(list(reversed(rows))).latest().values.tolist() == [[9.0, 5.0], [2.0, 6.0]]


def test_the_newest_figure_is_that_of_the_latest_day_and_an_old_one_corrected_later_is_not_new() -> None:
    rows = [
        row("s", "2008-01-31", {"a": 1.0}, "2008-02-07"),
        row("s", "2008-02-29", {"a": 2.0}, "2008-03-07"),
        row("s", "2008-01-31", {"a": 1.5}, "2008-03-10", revision=2),
        row("s", "2008-02-29", {"a": 2.5}, "2008-03-20", revision=2),
    ]
    published, values = PointInTime.of(rows).newest("2008-03-31")
    assert list(map(str, published)) == ["2008-02-07", "2008-03-07", "2008-03-20"]
    assert values[:, 0].tolist() == [1.0, 2.0, 2.5]
    assert len(PointInTime.of(rows).newest("2008-02-06")[0]) == 0


def test_only_the_series_asked_for_are_kept_and_rows_without_them_are_no_days() -> None:
    rows = [row("s", "2008-09-01", {"a": 1.0}), row("s", "2008-09-02", {"b": 2.0})]
    assert PointInTime.of(rows, ["b"]).latest().events.astype(str).tolist() == ["2008-09-02"]
    assert np.isnan(PointInTime.of(rows).latest().values).tolist() == [[False, True], [True, False]]
    assert len(PointInTime.of(rows, ["c"]).latest().events) == 0


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            row("s", "2008-09-02", {"a": 1.0}, "2008-09-01"),
            "document s/2008-09-02: available_at 2008-09-01 lies before its event 2008-09-02: nothing can be known "
            "before it happens",
        ),
        (
            row("s", "Tuesday", {"a": 1.0}, "2008-09-01"),
            "document s/Tuesday: event and available_at must be dates such as 2008-09-15",
        ),
        (
            Document("d", "prose", "s", "own", "0", "1", "2008-09-01"),
            "document d: no market figures: fields must hold event (a date) and values",
        ),
        (
            row("s", "2008-09-01", {"a": "1,000"}),  # type: ignore[dict-item]
            "document s/2008-09-01: no market figures: fields must hold event (a date) and values",
        ),
    ],
)
def test_what_cannot_be_figures_of_a_market_is_refused(document: Document, said: str) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        PointInTime.of([document])
