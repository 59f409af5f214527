"""What the finance domain needs to know: its series, the thresholds of its labels, its crises."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import IsoDate, Name
from r1tailor.schema.base import Section

MarketTask = Literal["trend", "volatility", "risk", "allocation"]
Channel = Literal["path", "return", "volatility", "drawdown", "breadth", "correlation", "spread"]
_Share = Annotated[float, Field(gt=0, lt=1)]


class Series(Section):
    """Series of one source, by their names; null takes all of it."""

    source: Name
    series: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = None


class Market(Section):
    """Which source says what; null where there is none.

    ``index`` is one series of daily closes. ``stocks`` are closes of its members, for breadth and correlation. Of
    ``credit`` the first yield minus the second is the credit spread. ``factors`` are closes of factor portfolios.
    """

    index: Series
    stocks: Series | None
    credit: Series | None
    factors: Series | None

    @model_validator(mode="after")
    def _names_one_index_and_two_yields(self) -> "Market":
        if self.index.series is None or len(self.index.series) != 1:
            raise ValueError("index.series must name one series")
        if self.credit and (self.credit.series is None or len(self.credit.series) != 2):
            raise ValueError("credit.series must name two yields, such as [BAA, AAA]: their difference is the spread")
        return self


class Thresholds(Section):
    """Where one label ends and the next begins.

    ``trend`` is the return over the window beyond which it is up (or, below its negative, down). Volatility is calm
    below the trailing quantile ``calm`` and turbulent from the quantile ``turbulent`` on. Risk is elevated, or high,
    where the worst drawdown ahead reaches that size.
    """

    trend: _Share
    calm: _Share
    turbulent: _Share
    elevated: _Share
    high: _Share

    @model_validator(mode="after")
    def _are_in_order(self) -> "Thresholds":
        if self.calm >= self.turbulent or self.elevated >= self.high:
            raise ValueError("calm must lie below turbulent, and elevated below high")
        return self


class CrisisEvent(Section):
    """A documented event: when it was, what it is called, where that is written."""

    date: IsoDate
    name: str
    source: str


class Crises(Section):
    """When a fall of the index is a crisis: beyond ``drawdown``; it begins where the fall reaches ``onset_drawdown``.

    A crisis bears the name of the first of the ``events`` between its peak and its trough.
    """

    drawdown: _Share
    onset_drawdown: _Share
    events: Annotated[tuple[CrisisEvent, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _begin_before_they_count(self) -> "Crises":
        if self.onset_drawdown > self.drawdown:
            raise ValueError("onset_drawdown must not be larger than drawdown")
        return self
