"""The plan of a study: stated and sealed before the first vote."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from r1tailor.errors import UserError
from r1tailor.serving.study.draw import FEWEST_ITEMS
from r1tailor.serving.study.power import Power, power_of
from r1tailor.serving.study.subjects import Answered, Item
from r1tailor.serving.study.verdict import levels

_RESAMPLES = 2000
_MOST_RATERS = 100


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the power is computed for.

    Attributes:
        ties: share of tied items.
        win: share of the other items on which the better subject is preferred.
    """

    ties: float = 0.3
    win: float = 0.7


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study asks, of whom, and what it can find.

    Attributes:
        name: of the study.
        domain: whose held-out items are shown; ``title`` and ``language`` are the domain's.
        subjects: as named on the command line; ``places`` is what they were taken to mean.
        items: planned number of items; each rater sees each.
        pool: held-out items with two different answers, from which they were drawn.
        identical: held-out items with the same answer twice: not shown.
        privacy: ``domain.cleaning.privacy``, by which comments are treated; None for domains without.
        raters: number of raters.
        repeats: items that each rater sees a second time.
        confidence: of intervals and of the conclusion.
        of_sequence: level of the confidence sequence; ``of_test`` is that of the final sign test.
        power: of the final test.
        resamples: of the bootstrap.
        seed: of the draw; secret while the study runs.
        created_at: ISO date and time.
    """

    name: str
    domain: str
    title: str
    language: str
    subjects: tuple[str, str]
    places: tuple[str, str]
    items: int
    pool: int
    identical: int
    privacy: dict[str, Any] | None
    raters: int
    repeats: int
    confidence: float
    of_sequence: float
    of_test: float
    power: Power
    resamples: int
    seed: int
    created_at: str

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Plan":
        """Return a plan that ``as_json`` wrote."""
        pairs = {key: tuple(value[key]) for key in ("subjects", "places")}
        return cls(**(value | pairs | {"power": Power(**value["power"])}))

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the plan in sentences."""
        return [
            f"study {self.name}: {self.subjects[0]} ({self.places[0]}) and {self.subjects[1]} ({self.places[1]})",
            f"items: {self.items} of the {self.pool} held-out items with different answers "
            f"({self.identical} more have the same answer twice and are not shown)",
            f"raters: {self.raters}; each sees every item once and {self.repeats} of them twice",
            f"power: {self.power}",
            f"level: {self.of_test:g} for the sign test at the end, {self.of_sequence:g} for stopping early",
        ]


def planned(
    name: str,
    found: Answered,
    subjects: Sequence[str],
    sizes: tuple[int, int, float],
    confidence: float,
    assumed: Assumed,
    seed: int,
) -> tuple[Plan, list[Item]]:
    """Return the plan and the items that it draws.

    Args:
        name: of the study.
        found: what both subjects answered.
        subjects: as named on the command line.
        sizes: number of items, number of raters, share of the items that are repeated.
        confidence: of the conclusion, in (0.5, 1).
        assumed: what the power is computed for.
        seed: of the draw.

    Raises:
        UserError: a number is out of its range, or there are fewer items.
    """
    items, raters, share = sizes
    _refuse(items, raters, share, confidence, assumed, len(found.items))
    drawn = np.random.default_rng([seed, 1]).permutation(len(found.items))[:items]
    of_sequence, of_test = levels(confidence)
    plan = Plan(
        name=name,
        domain=found.domain,
        title=found.title,
        language=found.language,
        subjects=(subjects[0], subjects[1]),
        places=found.places,
        items=items,
        pool=len(found.items),
        identical=len(found.identical),
        privacy=found.privacy,
        raters=raters,
        repeats=round(items * share),
        confidence=confidence,
        of_sequence=of_sequence,
        of_test=of_test,
        power=power_of(items, assumed.ties, assumed.win, of_test),
        resamples=_RESAMPLES,
        seed=seed,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return plan, [found.items[index] for index in drawn]


def _refuse(items: int, raters: int, share: float, confidence: float, assumed: Assumed, pool: int) -> None:
    if not FEWEST_ITEMS <= items <= pool:
        raise UserError(
            f"--items {items}: from {FEWEST_ITEMS} to {pool} (held-out items on which the subjects answer differently)"
        )
    if not 1 <= raters <= _MOST_RATERS:
        raise UserError(f"--raters {raters}: from 1 to {_MOST_RATERS}")
    if not 0 <= share <= 1 / 3:
        raise UserError(f"--repeats {share:g}: a share of the items, from 0 to 0.33")
    if not 0.5 < confidence < 1:
        raise UserError(f"--confidence {confidence:g}: above 0.5 and below 1")
    if not 0 <= assumed.ties < 1:
        raise UserError(f"--ties {assumed.ties:g}: an assumed share of tied items, from 0 to below 1")
    if not 0.5 < assumed.win < 1:
        raise UserError(f"--win {assumed.win:g}: an assumed share of wins, above 0.5 and below 1")
