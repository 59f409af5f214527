"""What came after a day of decision, by hand-computed cases."""

import pytest

from r1tailor.domain.finance.forward_labels import Outcome, outcomes
from r1tailor.domain.finance.point_in_time import PointInTime
from tests.support.market_documents import days, index


def _outcomes(closes: list[float], every: int, horizon: int) -> list[Outcome]:
    return list(outcomes(PointInTime.of(index(closes)).latest(), every, horizon))


def test_a_decision_earns_from_one_close_after_it_to_one_after_the_next() -> None:
    first, second = _outcomes([100.0, 110, 99, 121, 88], every=1, horizon=3)
    dates = days(5)
    assert (first.date, first.label_until) == (dates[0], dates[3])
    assert first.return_next == pytest.approx(99 / 110 - 1)
    assert first.drawdown_next == pytest.approx(99 / 110 - 1), "110 is the highest close before 99"
    assert second.return_next == pytest.approx(121 / 99 - 1)
    assert second.drawdown_next == pytest.approx(88 / 121 - 1)


def test_a_day_without_a_whole_horizon_has_no_outcome() -> None:
    assert [one.date for one in _outcomes([100.0] * 10, every=3, horizon=4)] == [days(10)[0], days(10)[3]]
    assert _outcomes([100.0] * 4, every=1, horizon=4) == []


def test_a_market_that_only_rises_has_no_drawdown() -> None:
    (found,) = _outcomes([1.0, 2, 3], every=1, horizon=2)
    assert found.drawdown_next == 0
    assert found.as_fields() == {
        "date": days(3)[0],
        "label_until": days(3)[2],
        "return_next": pytest.approx(0.5),
        "drawdown_next": 0.0,
    }
