"""What came after each day of decision, of prices known by now: for answers and scores, never for a model's input."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from r1tailor.domain.finance.crises import drawdowns
from r1tailor.domain.finance.point_in_time import Panel


@dataclass(frozen=True, slots=True)
class Outcome:
    """The days after one decision.

    Attributes:
        date: ISO date of the decision, at that day's close.
        label_until: ISO date of the last close that anything here looks at.
        return_next: of the index, between the closes after this decision and after the next one: what is earned by
            who trades one close after deciding.
        drawdown_next: worst fall from a close to a later one within the horizon, from the decision's close on; 0 or
            negative.
    """

    date: str
    label_until: str
    return_next: float
    drawdown_next: float

    def as_fields(self) -> dict[str, str | float]:
        """Return plain values."""
        return asdict(self)


def outcomes(index: Panel, every: int, horizon: int) -> Iterator[Outcome]:
    """Yield the outcome of every so many-th trading day that is followed by a whole horizon.

    Args:
        index: closes [N, 1], as known by now.
        every: trading days between decisions.
        horizon: trading days ahead; more than ``every``.
    """
    closes = index.values[:, 0]
    for place in range(0, len(closes) - horizon, every):
        ahead = closes[place : place + horizon + 1]
        yield Outcome(
            date=str(index.events[place]),
            label_until=str(index.events[place + horizon]),
            return_next=float(ahead[1 + every] / ahead[1] - 1),
            drawdown_next=float(drawdowns(ahead).min()),
        )
