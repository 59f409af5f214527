"""Tables in Markdown, and intervals over seeds."""

import math
from collections.abc import Sequence

from scipy import stats


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table; the first is its head."""
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{'|'.join(['---', *['--:'] * (len(rows[0]) - 1)])}|", *rest])


def interval(values: Sequence[float], reference: Sequence[float] | None = None) -> str:
    """Return the mean, with Student's 95 % interval over seeds of the difference from a reference, paired by seed.

    Without a reference the interval is the mean's own. One seed has none.

    >>> interval([0.5, 0.7]), interval([0.5])
    ('0.600 [-0.671, 1.871]', '0.500')
    >>> interval([0.5, 0.7], [0.4, 0.6])
    '0.600 (+0.100 [+0.100, +0.100])'
    """
    mean = sum(values) / len(values)
    if reference is None:
        low, high = student(values)
        return f"{mean:.3f}" if math.isnan(low) else f"{mean:.3f} [{low:.3f}, {high:.3f}]"
    differences = [one - other for one, other in zip(values, reference, strict=True)]
    low, high = student(differences)
    shown = f"{sum(differences) / len(differences):+.3f}"
    return f"{mean:.3f} ({shown})" if math.isnan(low) else f"{mean:.3f} ({shown} [{low:+.3f}, {high:+.3f}])"


def student(values: Sequence[float]) -> tuple[float, float]:
    """Return Student's 95 % interval of a mean; NaN of one value."""
    if len(values) < 2:
        return math.nan, math.nan
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    width = float(stats.t.ppf(0.975, len(values) - 1)) * spread
    return mean - width, mean + width


def proportion(count: int, n: int) -> str:
    """Return a count with the exact 95 % interval of its share.

    >>> proportion(0, 20)
    '0 of 20 [0.00, 0.17]'
    """
    if not n:
        return "0 of 0"
    found = stats.binomtest(count, n).proportion_ci(0.95, "exact")
    return f"{count} of {n} [{found.low:.2f}, {found.high:.2f}]"
