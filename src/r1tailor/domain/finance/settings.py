"""The settings of a market: what is asked, its series, the thresholds of its labels, its crises."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from r1tailor.fields import IsoDate, Location, Name
from r1tailor.schema.base import Section
from r1tailor.schema.domain import DomainSection, Task

MarketTask = Literal["trend", "volatility", "risk", "allocation"]
Channel = Literal["path", "return", "volatility", "drawdown", "breadth", "correlation", "spread"]
_Share = Annotated[float, Field(gt=0, lt=1)]


class Series(Section):
    """Series of one source."""

    source: Name = Field(description="Name of the source.")
    series: tuple[str, ...] | None = Field(
        default=None, strict=False, min_length=1, description="Names of its series; null takes all of them."
    )


class Market(Section):
    """Which source holds which part of the market; null where there is none."""

    index: Series = Field(description="The index: one series of daily closes.")
    stocks: Series | None = Field(description="Closes of the index's members, for breadth and correlation.")
    credit: Series | None = Field(description="Two yields; the first minus the second is the credit spread.")
    factors: Series | None = Field(description="Closes of factor portfolios.")

    @model_validator(mode="after")
    def _names_one_index_and_two_yields(self) -> "Market":
        if self.index.series is None or len(self.index.series) != 1:
            raise ValueError("index.series must name one series")
        if self.credit and (self.credit.series is None or len(self.credit.series) != 2):
            raise ValueError("credit.series must name two yields, such as [BAA, AAA]: their difference is the spread")
        return self


class Thresholds(Section):
    """Where one label ends and the next begins."""

    trend: _Share = Field(description="Return over the window from which the trend is up; its negative, down.")
    calm: _Share = Field(description="Quantile of the trailing volatility below which it is calm.")
    turbulent: _Share = Field(description="Quantile of the trailing volatility from which it is turbulent.")
    elevated: _Share = Field(description="Worst drawdown ahead from which risk is elevated, as a share.")
    high: _Share = Field(description="Worst drawdown ahead from which risk is high, as a share.")

    @model_validator(mode="after")
    def _are_in_order(self) -> "Thresholds":
        if self.calm >= self.turbulent or self.elevated >= self.high:
            raise ValueError("calm must lie below turbulent, and elevated below high")
        return self


class CrisisEvent(Section):
    """A documented event: a row of the crisis library."""

    start: IsoDate = Field(description="ISO date on which the event struck the market.")
    end: IsoDate = Field(description="ISO date of the market's lowest close.")
    name: str = Field(min_length=1, description="What it is called.")
    source: str = Field(min_length=1, description="Where it is documented.")
    market: str | None = Field(
        default=None, description="Market that it struck, as `bars.market` of a source names it; null: any."
    )
    fall: _Share | None = Field(
        default=None,
        description="How far that market fell from peak to trough, as a share; a crisis far from it does not take its "
        "name. null: any.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_release(cls, values: Any) -> Any:  # noqa: ANN401 - whatever was composed
        """Read the one date of earlier releases as the first and the last day."""
        if isinstance(values, dict) and "date" in values and not {"start", "end"} & values.keys():
            return {key: value for key, value in values.items() if key != "date"} | dict.fromkeys(
                ("start", "end"), values["date"]
            )
        return values

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "CrisisEvent":
        if self.end < self.start:
            raise ValueError(f"end = {self.end} lies before start = {self.start}")
        return self


class Crises(Section):
    """What counts as a crisis of the index, and what it is called."""

    labels: Literal["drawdowns", "events"] = Field(
        default="drawdowns",
        description="What the crises are: `drawdowns`, falls of the index from its running peak, each with the name of "
        "the first event of its market and size; `events`, the events of the index's market from the library.",
    )
    drawdown: _Share = Field(description="Fall from the running peak from which it is a crisis, as a share.")
    onset_drawdown: _Share = Field(description="Fall from the running peak at which a crisis begins, as a share.")
    library: tuple[Location, ...] = Field(
        default=(),
        strict=False,
        description="CSV files of documented events, with the columns market, start, end, name, fall, source. Add your "
        "own file to the shipped one.",
    )
    events: tuple[CrisisEvent, ...] = Field(
        default=(), strict=False, description="Documented events that stand in no file, added to the library."
    )

    @model_validator(mode="after")
    def _begin_before_they_count(self) -> "Crises":
        if self.onset_drawdown > self.drawdown:
            raise ValueError("onset_drawdown must not be larger than drawdown")
        return self


class FinanceTask(Task):
    """What is asked of a market at the close of a day of decision."""

    labels: None = Field(description="null: labels follow from the tasks.")
    tasks: tuple[MarketTask, ...] = Field(
        strict=False, min_length=1, description="Questions, from simple to hard; their places are the levels."
    )
    questions: dict[MarketTask, str] = Field(description="Wording of each task; it follows the instruction.")
    market: Market = Field(description="Which source holds which part of the market.")
    window: int = Field(ge=8, le=1024, description="Trading days that the model reads, up to the day of decision.")
    every_days: int = Field(gt=0, description="Trading days between two decisions.")
    train_every: int = Field(
        gt=0, description="Of the decisions before the validation boundary, every how many-th is trained on."
    )
    horizon_days: int = Field(gt=1, le=252, description="Trading days ahead that risk and allocation look.")
    normalise_days: int = Field(
        gt=0, le=10_000, description="Trailing trading days whose mean and deviation normalise the window."
    )
    channels: tuple[Channel, ...] = Field(strict=False, min_length=1, description="What each day of the window holds.")
    thresholds: Thresholds = Field(description="Where one label ends and the next begins.")
    numbers_as_text: bool = Field(description="Whether prompts hold a summary in numbers in place of the window.")
    mask: bool = Field(description="Whether names and dates are kept out of prompts.")
    crises: Crises = Field(description="What counts as a crisis of the index.")
    longest_gap_days: int | None = Field(
        default=None,
        gt=0,
        description="Most calendar days between two closes of the index within an example's window and horizon; "
        "examples with a longer hole are left out and counted. null: any.",
    )

    @model_validator(mode="after")
    def _can_be_asked(self) -> "FinanceTask":
        unasked = [task for task in self.tasks if task not in self.questions]
        if unasked:
            raise ValueError(f"questions must hold one for each of tasks; {', '.join(unasked)} has none")
        if len(set(self.tasks)) < len(self.tasks) or len(set(self.channels)) < len(self.channels):
            raise ValueError("each of tasks and of channels may stand there only once")
        if self.every_days >= self.horizon_days:
            raise ValueError("every_days must be smaller than horizon_days, or days lie between two horizons")
        if self.window > self.normalise_days:
            raise ValueError("window must not be longer than normalise_days, the days it is normalised by")
        return self


class FinanceDomain(DomainSection):
    """Market data as known at the time: trend, volatility, risk ahead, allocation (``domain/finance/finance.py``)."""

    kind: Literal["finance"]
    task: FinanceTask

    @property
    def market(self) -> str | None:
        """The market that the index is of; None where its source does not say."""
        (source,) = (source for source in self.sources if source.name == self.task.market.index.source)
        bars = getattr(source, "bars", None)
        return bars.market if bars else None

    @model_validator(mode="after")
    def _has_the_sources_it_names(self) -> "FinanceDomain":
        there = [source.name for source in self.sources]
        for role in ("index", "stocks", "credit", "factors"):
            wanted = getattr(self.task.market, role)
            if wanted and wanted.source not in there:
                raise ValueError(f"task.market.{role}.source = {wanted.source}: sources has {', '.join(there)}")
        return self
