"""Splits, outliers and holes of a source's stored prices: told, and treated as its ``checks`` say."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from r1tailor.schema.market import FeedSource
from r1tailor.sources.market import quality
from r1tailor.sources.market.quality import Finding

_SHOWN = 3  # findings of a kind and a series
_SAME_RATIO = 0.02  # how far a revision may be from the ratio of a split that it accounts for (log)


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
    """Return what stands out in each series of daily prices; of others nothing.

    Splits are looked for in the figures as they were first known: where a feed has adjusted its history again, the
    latest figures show none, or one at the wrong day. All else is told from the latest figures without those splits.
    """
    if source.bars.values != "price" or source.bars.period != "day":
        return {}
    first, last = _known(source, figures, latest=False), _known(source, figures, latest=True)
    found = {}
    for series in source.symbols:
        splits = [one for one in _examined(source, first[series]) if one.kind == "split"]
        by_day = {one.day: one.split for one in splits}
        whole = {day: _adjusted(day, value, first[series][day], by_day) for day, value in last[series].items()}
        found[series] = sorted([*splits, *_examined(source, whole)], key=lambda one: one.day)
    return found


def _examined(source: FeedSource, values: Mapping[date, float]) -> list[Finding]:
    days = sorted(values)
    return list(quality.findings(days, [values[day] for day in days], source.checks.gap_days))


def _known(source: FeedSource, figures: Sequence[Figure], *, latest: bool) -> dict[str, dict[date, float]]:
    """Return the figures of each series by day, as they were known first or last."""
    found: dict[str, dict[date, float]] = {series: {} for series in source.symbols}
    for figure in sorted(figures, key=lambda figure: figure[:3], reverse=not latest):
        found[figure.series][figure.event] = figure.value
    return found


def treated(source: FeedSource, figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures without outliers, and those before a split divided by its ratio, as ``checks`` says.

    Only the levels before a split change, and of them those that the feed has not adjusted itself by then. Returns, and
    all else that is read of the figures, are what they were at the time.
    """
    found = _found(source, figures)
    dropped = {
        (series, finding.day)
        for series, listed in found.items()
        for finding in listed
        if finding.kind == "outlier" and source.checks.outliers == "drop"
    }
    splits, first = _splits(source, found), _known(source, figures, latest=False)
    return [
        figure._replace(
            value=_adjusted(
                figure.event, figure.value, first[figure.series][figure.event], splits.get(figure.series, {})
            )
        )
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


def _adjusted(day: date, value: float, first: float, splits: Mapping[date, float]) -> float:
    """Return a figure without the splits after it; one that was revised by a split's ratio is without it already.

    Args:
        day: of the figure.
        value: the figure.
        first: the figure of that day as it was known first.
        splits: ratios by day.
    """
    for split, ratio in sorted(splits.items(), reverse=True):
        if day < split:
            if abs(math.log(first / value) - math.log(ratio)) < _SAME_RATIO:
                first /= ratio
            else:
                value, first = value / ratio, first / ratio
    return value
