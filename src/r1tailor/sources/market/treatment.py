"""Splits, outliers and holes of a source's stored prices: told, and treated as its ``checks`` say."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from r1tailor.schema.market import FeedSource
from r1tailor.sources.market import quality
from r1tailor.sources.market.quality import Finding

_SHOWN = 3  # findings of a kind and a series


class Figure(NamedTuple):
    """One row of a store; sorts by when it happened, when it was known, and where it stands."""

    event: date
    known: date
    segment: int
    row: int
    series: str
    value: float


def told(source: FeedSource, figures: Sequence[Figure]) -> list[str]:
    """Return what stands out, a line a finding; of a kind and a series the first three and the count."""
    lines = []
    for series, found in _found(source, figures).items():
        for kind in ("split", "outlier", "step", "hole"):
            alike = [finding for finding in found if finding.kind == kind]
            lines += [f"{series}: {_told(source, series, finding)}" for finding in alike[:_SHOWN]]
            if len(alike) > _SHOWN:
                lines.append(f"{series}: {len(alike) - _SHOWN:,} more such {kind}s, the last on {alike[-1].day}")
    return lines


def _told(source: FeedSource, series: str, finding: Finding) -> str:
    if finding.kind == "hole":
        return f"no price from {finding.before} to {finding.day} ({(finding.day - finding.before).days} days); "
        "domain.task.longest_gap_days leaves out the examples across it"
    step = f"{finding.before} to {finding.day} {finding.ratio - 1:+.1%}"
    if finding.kind == "split":
        ratio = f"{finding.split:g}:1" if finding.split > 1 else f"1:{1 / finding.split:g}"
        done = {"adjust": "the prices before it are divided", "keep": "left as it is"}[source.checks.splits]
        return f"{step} is a split of {ratio}, no crisis; {done} (checks.splits: {source.checks.splits})"
    if finding.kind == "outlier":
        done = {"drop": "left out", "keep": "left in"}[source.checks.outliers]
        return f"{step} and back on the next day: an outlier, {done} (checks.outliers: {source.checks.outliers})"
    return (
        f"{step}: a step far beyond the days before it; left as it is. If it is a split, name it: "
        f'checks.known_splits: {{{series}: {{"{finding.day}": <ratio>}}}}'
    )


def _found(source: FeedSource, figures: Sequence[Figure]) -> dict[str, list[Finding]]:
    """Return what stands out in the latest figures of each series of daily prices; of others nothing."""
    if source.bars.values != "price" or source.bars.period != "day":
        return {}
    latest: dict[str, dict[date, float]] = {series: {} for series in source.symbols}
    for figure in sorted(figures, key=lambda figure: figure[:3]):
        latest[figure.series][figure.event] = figure.value
    return {
        series: list(quality.findings(list(values), list(values.values()), source.checks.gap_days))
        for series, values in latest.items()
    }


def treated(source: FeedSource, figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures without outliers, and those before a split divided by its ratio, as ``checks`` says.

    Only the levels before a split change. Returns, and all else that is read of them, are what they were at the time.
    """
    found = _found(source, figures)
    dropped = {
        (series, finding.day)
        for series, listed in found.items()
        for finding in listed
        if finding.kind == "outlier" and source.checks.outliers == "drop"
    }
    splits = _splits(source, found)
    return [
        figure._replace(value=_adjusted(figure, splits.get(figure.series, {})))
        for figure in figures
        if (figure.series, figure.event) not in dropped
    ]


def _splits(source: FeedSource, found: Mapping[str, Sequence[Finding]]) -> dict[str, dict[date, float]]:
    """Return the splits of each series by day: those found, if they are adjusted, and those known."""
    adjust = source.checks.splits == "adjust"
    splits = {
        series: {finding.day: finding.split for finding in listed if finding.kind == "split" and adjust}
        for series, listed in found.items()
    }
    for series, known in source.checks.known_splits.items():
        splits.setdefault(series, {}).update((date.fromisoformat(day), ratio) for day, ratio in known.items())
    return splits


def _adjusted(figure: Figure, splits: Mapping[date, float]) -> float:
    return figure.value / math.prod(ratio for day, ratio in splits.items() if figure.event < day)
