"""Small SVG charts of the days: no script, no network, in the classes of ``report/style.css``."""

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 220, 46, 40, 12, 12
_COLOURS = ("c1", "c2", "c3", "c4", "c5", "c0")
_MOST_LABELS = 12


def lines(days: Sequence[str], curves: dict[str, Sequence[float | None]], title: str) -> str:
    """Return a chart of shares in [0, 1] over days; a None leaves a gap.

    Args:
        days: names along the axis.
        curves: name -> a value for each day.
        title: read out to those who do not see it.
    """
    at = [_x(n, len(days)) for n in range(len(days))]
    parts = [_axis(y / 4) for y in range(5)]
    for (name, values), colour in zip(curves.items(), _COLOURS * 9, strict=False):
        points = [(x, _y(value), value) for x, value in zip(at, values, strict=True) if value is not None]
        if len(points) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
            parts.append(f'<polyline class="line {colour}" points="{path}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="{colour}">{_title(name, f"{value:.3f}")}</circle>'
            for x, y, value in points
        ]
    return _svg([*parts, *_names(days, at)], title)


def bars(days: Sequence[str], stacks: dict[str, Sequence[int]], title: str) -> str:
    """Return a chart of counts over days, stacked.

    Args:
        days: names along the axis.
        stacks: name -> a count for each day.
        title: read out to those who do not see it.
    """
    most = max((sum(counts) for counts in zip(*stacks.values(), strict=True)), default=0) or 1
    at, width = [_x(n, len(days)) for n in range(len(days))], min(36.0, 0.7 * _inner() / max(len(days), 1))
    parts, heights = [_axis(y / 4, f"{y / 4 * most:.0f}") for y in range(5)], [0] * len(days)
    for (name, counts), colour in zip(stacks.items(), _COLOURS * 9, strict=False):
        for n, count in enumerate(counts):
            top, bottom = _y((heights[n] + count) / most), _y(heights[n] / most)
            parts.append(
                f'<rect x="{at[n] - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}" '
                f'class="{colour}">{_title(name, str(count))}</rect>'
            )
            heights[n] += count
    return _svg([*parts, *_names(days, at)], title)


def legend(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return name and class of each curve or stack, in their order."""
    return list(zip(names, _COLOURS * 9, strict=False))


def _title(name: str, value: str) -> str:
    return f"<title>{escape(name)}: {value}</title>"


def _inner() -> float:
    return _WIDTH - _LEFT - _RIGHT


def _x(number: int, count: int) -> float:
    return _LEFT + _inner() * (number + 0.5) / max(count, 1)


def _y(share: float) -> float:
    return _TOP + (1 - min(max(share, 0.0), 1.0)) * (_HEIGHT - _TOP - _BOTTOM)


def _axis(share: float, label: str = "") -> str:
    y, text = _y(share), label or f"{share:.2f}"
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="end">{text}</text>'
    )


def _names(days: Sequence[str], at: Sequence[float]) -> list[str]:
    each = -(-len(days) // _MOST_LABELS) or 1
    return [
        f'<text x="{x:.1f}" y="{_HEIGHT - 18}" class="tick middle">{escape(day[5:])}</text>'
        for n, (day, x) in enumerate(zip(days, at, strict=True))
        if n % each == 0
    ]


def _svg(parts: Sequence[str], title: str) -> str:
    head = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"
