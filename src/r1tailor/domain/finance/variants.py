"""What is trained next to a market's model: the same with its numbers as text, and folds in time.

A fold is trained on all that lies before its test, and the tests follow each other without overlap. What training may
use ends ``domain.split.embargo_days`` before validation, and validation as long before the test: labels look ahead, and
would otherwise reveal days that are tested (purging and embargo, Lopez de Prado 2018, chapter 7).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from r1tailor.domain.finance.settings import FinanceDomain
from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.schema.domain import Boundaries
from r1tailor.schema.settings import Settings

TEXT = "text"
_CALENDAR_PER_TRADING = 7 / 5


@dataclass(frozen=True)
class Fold:
    """One fold: where its validation, its test and the next fold's test begin (ISO dates)."""

    validation: str
    test: str
    end: str

    @property
    def name(self) -> str:
        """The variant's name: ``fold_2007`` is tested from 2007 on."""
        return f"fold_{self.test[:4]}"

    def settings(self, settings: Settings) -> Settings:
        """Return the composition with this fold's boundaries."""
        boundaries = Boundaries(validation=self.validation, test=self.test)
        split = settings.domain.split.model_copy(update={"boundaries": boundaries})
        return settings.model_copy(update={"domain": settings.domain.model_copy(update={"split": split})})

    def tested(self, test: Sequence[Example]) -> list[Example]:
        """Return the examples of its test: those before the next fold's."""
        return [example for example in test if example.available_at < self.end]


def variants(settings: Settings) -> dict[str, Settings]:
    """Return what can be trained: ``text``, and for each fold ``fold_<year>`` and ``fold_<year>_text``.

    Raises:
        ConfigError: ``evaluation.variants`` leaves out a fold; or see ``folds``.
    """
    composed = {"": settings} | {fold.name: fold.settings(settings) for fold in folds(settings)}
    as_text = {text_name(name): numbers_as_text(each) for name, each in composed.items()}
    del composed[""]
    if left_out := [name for name in composed if name not in settings.evaluation.variants]:
        raise ConfigError([f"evaluation.variants leaves out {', '.join(left_out)}, which walk_forward asks for"])
    return composed | {name: changed for name, changed in as_text.items() if changed is not None}


def text_name(name: str) -> str:
    """Return the name of a variant with its numbers as text; of the run itself, whose name is empty, ``text``."""
    return "_".join(filter(None, [name, TEXT]))


def numbers_as_text(settings: Settings) -> Settings | None:
    """Return the composition whose prompts hold the numbers as text; None where they do so already."""
    domain = settings.domain
    assert isinstance(domain, FinanceDomain)
    if domain.task.numbers_as_text:
        return None
    task = domain.task.model_copy(update={"numbers_as_text": True})
    return settings.model_copy(update={"domain": domain.model_copy(update={"task": task})})


def folds(settings: Settings) -> list[Fold]:
    """Return the folds of ``evaluation.walk_forward``, in order; without it there are none.

    Raises:
        ConfigError: the split is not in time, or its embargo is shorter than labels look ahead.
    """
    walk = settings.evaluation.walk_forward
    if walk is None:
        return []
    _refuse_leaks(settings)
    years = range(walk.first_test, walk.last_test + 1, walk.test_years)
    starts = [(year - walk.validation_years, year, year + walk.test_years) for year in years]
    return [Fold(*(f"{year:04d}-01-01" for year in start)) for start in starts]


def _refuse_leaks(settings: Settings) -> None:
    split = settings.domain.split
    if split.by != "time":
        raise ConfigError([f"evaluation.walk_forward: domain.split.by = {split.by}; folds in time need by: time"])
    ahead = getattr(settings.domain.task, "horizon_days", 0) * _CALENDAR_PER_TRADING
    if split.embargo_days < ahead:
        raise ConfigError(
            [
                f"domain.split.embargo_days = {split.embargo_days}: labels look {ahead:.0f} calendar days ahead, and "
                "the examples left in train would reveal tested days"
            ]
        )
