"""Folds in time: each is trained on all that lies before its test, and the tests follow each other without overlap.

What training may use ends ``domain.split.embargo_days`` before validation, and validation as long before the test: the
labels there look ahead, and would otherwise tell of days that are tested (purging and embargo, Lopez de Prado 2018,
chapter 7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.schema.domain import Boundaries
from r1tailor.schema.evaluation import WalkForward
from r1tailor.schema.settings import Settings

_CALENDAR_PER_TRADING = 7 / 5


@dataclass(frozen=True)
class Fold:
    """One fold: where validation, test and the next fold's test begin (ISO dates)."""

    validation: str
    test: str
    end: str

    @property
    def name(self) -> str:
        """The year in which its test begins."""
        return self.test[:4]

    def settings(self, settings: Settings) -> Settings:
        """Return the composition with this fold's boundaries."""
        boundaries = Boundaries(validation=self.validation, test=self.test)
        split = settings.domain.split.model_copy(update={"boundaries": boundaries})
        return settings.model_copy(update={"domain": settings.domain.model_copy(update={"split": split})})

    def tested(self, test: Sequence[Example]) -> list[Example]:
        """Return the examples of its test: those before the next fold's."""
        return [example for example in test if example.available_at < self.end]


def folds(settings: Settings, last: str) -> list[Fold]:
    """Return the folds of a walk-forward up to a date.

    Args:
        settings: the composition; without ``evaluation.walk_forward`` there are none.
        last: the latest date (ISO) of any example.

    Raises:
        ConfigError: the split is not in time, its embargo is shorter than labels look ahead, or no fold begins by
            then.
    """
    walk = settings.evaluation.walk_forward
    if walk is None:
        return []
    _refuse_leaks(settings)
    years = range(walk.first_test, date.fromisoformat(last).year + 1, walk.test_years)
    found = [_fold(walk, year) for year in years if f"{year}-01-01" <= last]
    if not found:
        raise ConfigError([f"evaluation.walk_forward.first_test = {walk.first_test}: the examples end on {last}"])
    return found


def _fold(walk: WalkForward, year: int) -> Fold:
    starts = (year - walk.validation_years, year, year + walk.test_years)
    return Fold(*(f"{start:04d}-01-01" for start in starts))


def _refuse_leaks(settings: Settings) -> None:
    split = settings.domain.split
    if split.by != "time":
        raise ConfigError([f"evaluation.walk_forward: domain.split.by = {split.by}; folds in time need by: time"])
    ahead = getattr(settings.domain.task, "horizon_days", 0) * _CALENDAR_PER_TRADING
    if split.embargo_days < ahead:
        raise ConfigError(
            [
                f"domain.split.embargo_days = {split.embargo_days}: labels look {ahead:.0f} calendar days ahead, and "
                "what is left in train would tell of tested days"
            ]
        )
