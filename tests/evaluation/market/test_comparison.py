"""The sentence that compares the tuned model with a volatility threshold."""

from collections.abc import Callable

import numpy as np

from r1tailor.evaluation.market.comparison import honest_comparison
from r1tailor.evaluation.market.decisions import (
    SAME_RATE,
    TUNED,
)
from r1tailor.evaluation.market.early_warning import Record
from r1tailor.schema.settings import Settings


def lead_record(*leads: int) -> Record:
    return Record((), tuple(range(len(leads))), leads, 1.0, np.zeros((0, 2), bool))


def test_the_honest_sentence_by_hand(settings: Callable[..., Settings]) -> None:
    quick = settings("evaluation.resamples=1000")
    made = honest_comparison(quick, {TUNED: lead_record(30, 20, 40, 25), SAME_RATE: lead_record(5, 0, 10, 6)})
    assert made["difference"]["median_lead"]["value"] == 27.5 - 5.5
    assert made["difference"]["recall"]["value"] == 0.25
    assert made["text"].startswith(
        "The tuned model warns earlier than a volatility threshold of the same false-alarm rate before the test: "
        "median lead 27.5 against 5.5 trading days (+22.0 [+"
    )
    level = honest_comparison(quick, {TUNED: lead_record(30, 0, 8), SAME_RATE: lead_record(5, 20, 10)})
    assert "is not shown to warn earlier or later than" in level["text"]
    worse = honest_comparison(quick, {TUNED: lead_record(0, 0, 0), SAME_RATE: lead_record(5, 20, 10)})
    assert "The tuned model warns later than" in worse["text"]
    none = honest_comparison(quick, {TUNED: lead_record(), SAME_RATE: lead_record()})
    assert none["text"].startswith("No crisis began in the test")


def test_intervals_of_the_difference_draw_the_same_crises_for_both(settings: Callable[..., Settings]) -> None:
    """Where the model is always five days earlier, the difference has no spread, however the leads differ."""
    quick = settings("evaluation.resamples=1000")
    made = honest_comparison(quick, {TUNED: lead_record(10, 30, 60), SAME_RATE: lead_record(5, 25, 55)})
    assert made["difference"]["median_lead"] == {"value": 5, "low": 5, "high": 5}
