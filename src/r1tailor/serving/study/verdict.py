"""What may be concluded from a study, and by which rule.

Two rules may name a winner, and share the level that the plan states: a confidence sequence over the complete items, at
any time, and the sign test, once, at the end. Four fifths of the level go to the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from r1tailor.serving.study.sequential import confidence_sequence
from r1tailor.serving.study.statistics import Floats, item_values, sign_test

_OF_THE_SEQUENCE = 0.2
Rule = Literal["confidence sequence", "sign test", "none yet"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A conclusion.

    Attributes:
        winner: index of the preferred subject; None where none is shown.
        rule: what decided; ``none yet`` while the study may still decide.
        low: lower end of the confidence sequence of the net preference for the second subject; ``high`` is the upper.
        complete: items that every rater has voted on, without a gap from the first on; the sequence covers these.
        seen: items with at least one vote.
    """

    winner: int | None
    rule: Rule
    low: float
    high: float
    complete: int
    seen: int


def levels(confidence: float) -> tuple[float, float]:
    """Return the level of the confidence sequence and that of the final test."""
    alpha = 1 - confidence
    return round(alpha * _OF_THE_SEQUENCE, 6), round(alpha * (1 - _OF_THE_SEQUENCE), 6)


def judge(table: Floats, confidence: float, *, ended: bool) -> Verdict:
    """Return what preferences [raters, items] allow to conclude.

    Args:
        table: with NaN where there is no vote.
        confidence: of the plan.
        ended: whether no more votes come; only then, and only if every planned item was seen, the sign test is made.
    """
    of_sequence, of_test = levels(confidence)
    values = complete_prefix(table)
    low, high = confidence_sequence(values, of_sequence) if values else (-1.0, 1.0)
    seen = int((~np.isnan(table)).any(0).sum())
    state = (low, high, len(values), seen)
    if low > 0 or high < 0:
        return Verdict(int(low > 0), "confidence sequence", *state)
    if not ended:
        return Verdict(None, "none yet", *state)
    if seen < table.shape[1]:
        return Verdict(None, "confidence sequence", *state)
    wins, losses, _, p = sign_test(item_values(table))
    return Verdict(int(wins > losses) if p <= of_test else None, "sign test", *state)


def complete_prefix(table: Floats) -> Sequence[float]:
    """Return the values of the items that every rater has voted on, in the plan's order, up to the first gap."""
    gaps = np.flatnonzero(np.isnan(table).any(axis=0))
    count = int(gaps[0]) if len(gaps) else table.shape[1]
    return [float(value) for value in table[:, :count].mean(0)]
