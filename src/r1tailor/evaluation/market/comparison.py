"""One sentence: does the tuned model warn earlier than a volatility threshold, and with which interval?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from r1tailor.evaluation.market import early_warning
from r1tailor.evaluation.market.decisions import SAME_RATE, TUNED
from r1tailor.evaluation.market.early_warning import Record
from r1tailor.evaluation.market.entries import Entry, entry
from r1tailor.evaluation.resampling import percentiles
from r1tailor.schema.settings import Settings


def honest_comparison(settings: Settings, records: Mapping[str, Record]) -> dict[str, Any]:
    """Return how the tuned model's warnings compare with those of a volatility threshold at the same false-alarm rate.

    The rates are made equal before the test, as thresholds must not see it; the rates in the test are both reported.
    The differences of median lead time (trading days, 0 for a missed crisis) and recall have intervals from a paired
    bootstrap over crises.
    """
    evaluation = settings.evaluation
    tuned, other = records[TUNED], records[SAME_RATE]
    events = len(tuned.leads)
    differences: dict[str, Entry] = {"median_lead": entry(float("nan")), "recall": entry(float("nan"))}
    if events:
        drawn = early_warning.over_events(events, evaluation.resamples, settings.seed)
        leads, others = (np.array(record.leads, dtype=float)[drawn] for record in (tuned, other))
        lead = np.median(leads, axis=1) - np.median(others, axis=1)
        recall = (leads > 0).mean(axis=1) - (others > 0).mean(axis=1)
        differences = {
            "median_lead": entry(tuned.median_lead - other.median_lead, percentiles(lead, evaluation.confidence)),
            "recall": entry(tuned.recall - other.recall, percentiles(recall, evaluation.confidence)),
        }
    facts = {
        "crises": events,
        "confidence": evaluation.confidence,
        "tuned": _facts(tuned),
        "volatility": _facts(other),
        "difference": differences,
    }
    return {**facts, "text": _sentence(facts)}


def _facts(record: Record) -> dict[str, float | None]:
    values = {
        "median_lead": record.median_lead,
        "recall": record.recall,
        "false_alarms_per_year": record.false_alarms,
    }
    return {name: entry(value)["value"] for name, value in values.items()}


def _sentence(facts: Mapping[str, Any]) -> str:
    if not facts["crises"]:
        return "No crisis began in the test: whether the tuned model warns earlier is unknown."
    lead, recall = facts["difference"]["median_lead"], facts["difference"]["recall"]
    if lead["low"] > 0:
        verdict = "warns earlier than"
    elif lead["high"] < 0:
        verdict = "warns later than"
    else:
        verdict = "is not shown to warn earlier or later than"
    tuned, other = facts["tuned"], facts["volatility"]
    return (
        f"The tuned model {verdict} a volatility threshold of the same false-alarm rate before the test: median lead "
        f"{tuned['median_lead']:g} against {other['median_lead']:g} trading days ({_change(lead, 1)}), recall "
        f"{tuned['recall']:.2f} against {other['recall']:.2f} ({_change(recall, 2)}), over {facts['crises']} crises, "
        f"with {tuned['false_alarms_per_year'] or 0:.2f} and {other['false_alarms_per_year'] or 0:.2f} false alarms a "
        f"year in the test; brackets are {facts['confidence']:.0%} intervals of a bootstrap over crises."
    )


def _change(entry: Mapping[str, float], digits: int) -> str:
    return f"{entry['value']:+.{digits}f} [{entry['low']:+.{digits}f}, {entry['high']:+.{digits}f}]"
