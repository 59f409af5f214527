"""Charts as static SVG: a few kilobytes each, the page's colours in light and dark, text that is text, no script."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from r1tailor.evaluation.chart import Chart, Series

WIDTH, HEIGHT = 720, 300  # of a chart's own coordinates; the page scales it
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 14, 46
_TICKS = 5
_MOST_POINTS = 700  # of a line; more cannot be seen
_PALETTE = 6  # colours in style.css


@dataclass(frozen=True)
class _Frame:
    """Where values lie, from the ends of both axes; ``low`` and ``high`` are logarithms on a logarithmic one."""

    first: float
    last: float
    low: float
    high: float
    dated: bool
    log: bool

    def x(self, value: float) -> float:
        """Return the coordinate of a value."""
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (value - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Return the coordinate of a value."""
        share = ((math.log(value) if self.log else value) - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Values and texts below the x axis."""
        if self.dated:
            return _days(self.first, self.last)
        return [(tick, f"{tick:,g}") for tick in _round(self.first, self.last)]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Values and texts next to the y axis."""
        ends = [math.exp(end) if self.log else end for end in (self.low, self.high)]
        return [(tick, f"{tick:g}") for tick in _round(*ends, log=self.log)]


def drawn(chart: Chart, summary: str = "") -> str:
    """Return a chart as an ``<svg>`` element.

    Args:
        chart: its values.
        summary: a sentence for those who do not see it.
    """
    kept = [_finite(one, chart) for one in chart.series]
    if not any(one.x for one in kept):
        return ""
    frame = _frame(chart, kept)
    parts = [*_axes(chart, frame), *_bands(chart, frame)]
    for number, one in enumerate(kept):
        parts += _series(one, one.tone or f"c{number % _PALETTE}", frame)
    return _element(WIDTH, HEIGHT, chart.title, summary, parts) + _legend(kept)


def interval(entry: Mapping[str, float], most: float, tone: str, label: str) -> str:
    """Return a difference with its interval against zero, as a small picture.

    Args:
        entry: ``difference``, ``low``, ``high``.
        most: the value at the right end; its negative is at the left.
        tone: ``good``, ``bad`` or ``unsure``.
        label: what is read aloud.
    """
    shares = [max(-1.0, min(1.0, entry[key] / most if most else 0.0)) for key in ("low", "difference", "high")]
    low, middle, high = (60 + 56 * share for share in shares)
    parts = [
        '<line class="zero" x1="60" x2="60" y1="1" y2="19"/>',
        f'<line class="whisker {tone}" x1="{low:.1f}" x2="{high:.1f}" y1="10" y2="10"/>',
        f'<circle class="dot {tone}" cx="{middle:.1f}" cy="10" r="2.8"/>',
    ]
    return f'<svg class="interval" viewBox="0 0 120 20" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def dots(rows: Sequence[tuple[str, Sequence[tuple[str, Mapping[str, float]]]]], title: str, summary: str) -> str:
    """Return values in [0, 1] with their intervals: one panel for each metric, one line for each model.

    Args:
        rows: metric -> model and its ``value``, ``low``, ``high``.
        title: of the chart.
        summary: a sentence for those who do not see it.
    """
    left, step = 190, 20
    parts: list[str] = []
    top = 8
    for metric, models in rows:
        parts.append(f'<text class="strong" x="0" y="{top + 12}">{escape(metric)}</text>')
        top += 20
        for number, (model, entry) in enumerate(models):
            parts += _dot(model, entry, left, top + number * step, number)
        top += len(models) * step + 8
    ticks = [(left + (WIDTH - left - 20) * share, f"{share:g}") for share in (0, 0.25, 0.5, 0.75, 1)]
    grid = [f'<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="4" y2="{top}"/>' for x, _ in ticks]
    names = [f'<text class="tick middle" x="{x:.0f}" y="{top + 16}">{text}</text>' for x, text in ticks]
    return _element(WIDTH, top + 24, title, summary, [*grid, *parts, *names])


def _dot(model: str, entry: Mapping[str, float], left: float, y: float, number: int) -> list[str]:
    low, value, high = (left + (WIDTH - left - 20) * entry[key] for key in ("low", "value", "high"))
    colour = f"c{number % _PALETTE}"
    return [
        f'<text class="end" x="{left - 10}" y="{y + 10}">{escape(model)}</text>',
        f'<line class="whisker {colour}" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 6}" y2="{y + 6}"/>',
        f'<circle class="dot {colour}" cx="{value:.1f}" cy="{y + 6}" r="4"/>',
    ]


@dataclass(frozen=True)
class Axis:
    """One upright axis of parallel coordinates.

    Attributes:
        name: below it.
        values: of each line: a number, a text, or None where it has none.
    """

    name: str
    values: Sequence[float | str | None]


def parallel(axes: Sequence[Axis], tones: Sequence[str], title: str, summary: str) -> str:
    """Return parallel coordinates: one upright axis a quantity, one line a run; a line ends where it has no value.

    Args:
        axes: from left to right.
        tones: a class of style.css for each line; ``good`` is drawn last.
        title: of the chart.
        summary: a sentence for those who do not see it.
    """
    if len(axes) < 2:
        return ""
    left, right, bottom = 40, 60, HEIGHT - _BOTTOM
    xs = [left + (WIDTH - left - right) * place / (len(axes) - 1) for place in range(len(axes))]
    scales = [_upright(axis.values) for axis in axes]
    parts: list[str] = []
    for place in sorted(range(len(tones)), key=lambda place: tones[place] == "good"):
        points = []
        for x, axis, (heights, _) in zip(xs, axes, scales, strict=True):
            value = axis.values[place]
            if value is not None:
                points.append(f"{x:.1f},{bottom - (bottom - _TOP) * heights[value]:.1f}")
        parts.append(f'<polyline class="line {tones[place]}" points="{" ".join(points)}"/>')
    for number, (x, axis, (_, ticks)) in enumerate(zip(xs, axes, scales, strict=True)):
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        for share, text in ticks:
            y = bottom - (bottom - _TOP) * share + 4
            parts.append(f'<text class="tick small" x="{x + 4:.1f}" y="{y:.1f}">{escape(text)}</text>')
        lower = 16 + 14 * (number % 2)  # neighbours do not run into each other
        parts.append(f'<text class="tick middle" x="{x:.1f}" y="{bottom + lower}">{escape(axis.name)}</text>')
    return _element(WIDTH, HEIGHT, title, summary, parts)


def bar(share: float, label: str) -> str:
    """Return a share of 1 as a bar, as a small picture.

    Args:
        share: its length.
        label: what is read aloud.
    """
    line = f'<line class="whisker c1" x1="4" x2="{4 + 112 * share:.1f}" y1="10" y2="10"/>'
    return f'<svg class="interval" viewBox="0 0 120 20" role="img" aria-label="{escape(label)}">{line}</svg>'


def _upright(values: Sequence[float | str | None]) -> tuple[dict[Any, float], list[tuple[float, str]]]:
    """Return how high each value lies, in [0, 1], and the texts beside the axis; wide ranges are logarithmic."""
    there = list(dict.fromkeys(value for value in values if value is not None))
    numbers = [value for value in there if not isinstance(value, str)]
    if len(numbers) < len(there):
        names = sorted(map(str, there))
        heights = {value: (names.index(str(value)) + 0.5) / len(names) for value in there}
        return heights, [((place + 0.5) / len(names), name) for place, name in enumerate(names)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if low == high:
        return dict.fromkeys(numbers, 0.5), [(0.5, f"{low:.4g}")] if numbers else []
    log = low > 0 and high / low >= 20

    def height(value: float) -> float:
        return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)

    return {value: height(value) for value in numbers}, [(0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")]


def _element(width: float, height: float, title: str, summary: str, parts: Iterable[str]) -> str:
    told = f"<title>{escape(title)}</title>" + (f"<desc>{escape(summary)}</desc>" if summary else "")
    return f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img">{told}{"".join(parts)}</svg>'


def _number(value: Any) -> float:  # noqa: ANN401 - a number, or an ISO date
    return float(date.fromisoformat(value).toordinal()) if isinstance(value, str) else float(value)


def _finite(one: Series, chart: Chart) -> Series:
    """Return a series without what cannot be drawn, thinned out where it has more points than can be seen."""
    kept = [number for number, y in enumerate(one.y) if y is not None and math.isfinite(y) and (y > 0 or not chart.log)]
    if one.line and not one.points and len(kept) > _MOST_POINTS:
        each = len(kept) / _MOST_POINTS
        kept = [kept[int(place * each)] for place in range(_MOST_POINTS)] + kept[-1:]
    values = {"x": tuple(_number(one.x[n]) for n in kept), "y": tuple(float(one.y[n]) for n in kept)}
    texts = tuple(one.texts[n] for n in kept) if one.texts else ()
    return Series(one.name, values["x"], values["y"], one.line, one.points, one.dashed, one.tone, texts)


def _frame(chart: Chart, kept: Sequence[Series]) -> _Frame:
    xs = [value for one in kept for value in one.x]
    ys = [value for one in kept for value in one.y]
    dated = any(isinstance(value, str) for one in chart.series for value in one.x[:1])
    low, high = (math.log(end) if chart.log else end for end in (min(ys), max(ys)))
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin
    if not chart.log and min(ys) >= 0:
        low = max(low, 0.0)
    first, last = min(xs), max(xs)
    return _Frame(first, last if last > first else first + 1, low, high, dated, chart.log)


def _round(low: float, high: float, *, log: bool = False) -> list[float]:
    """Return round numbers within a range."""
    if log and high / low > 4:
        found = [n * 10.0**power for power in range(-6, 10) for n in (1, 2, 5)]
        return [tick for tick in found if low <= tick <= high]
    step = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    step *= next(n for n in (1, 2, 5, 10) if (high - low) / (n * step) <= _TICKS + 1)
    return [round(n * step, 9) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _days(first: float, last: float) -> list[tuple[float, str]]:
    """Return ticks for a range of days: years, or else the ends."""
    years = range(date.fromordinal(int(first)).year + 1, date.fromordinal(int(last)).year + 1)
    each = max(1, len(years) // 8)
    found = [(float(date(year, 1, 1).toordinal()), str(year)) for year in years[::each]]
    return found if len(found) > 1 else [(day, date.fromordinal(int(day)).isoformat()) for day in (first, last)]


def _axes(chart: Chart, frame: _Frame) -> list[str]:
    bottom = HEIGHT - _BOTTOM
    parts = []
    for value, text in frame.y_ticks:
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick end" x="{_LEFT - 8}" y="{y + 4:.1f}">{text}</text>')
    for value, text in frame.x_ticks:
        x = min(max(frame.x(value), _LEFT + 6), WIDTH - _RIGHT - 24)
        parts.append(f'<text class="tick middle" x="{x:.1f}" y="{bottom + 18}">{text}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text class="tick middle" x="{middle:.0f}" y="{HEIGHT - 6}">{escape(chart.x_title)}</text>')
    if chart.y_title:
        turned = f'transform="translate(13 {(bottom + _TOP) / 2:.0f}) rotate(-90)"'
        parts.append(f'<text class="tick middle" {turned}>{escape(chart.y_title)}</text>')
    return parts


def _bands(chart: Chart, frame: _Frame) -> list[str]:
    parts = []
    for band in chart.bands:
        start, end = (min(max(frame.x(_number(value)), _LEFT), WIDTH - _RIGHT) for value in (band.start, band.end))
        width = max(end - start, 0.8)
        shape = f'x="{start:.1f}" y="{_TOP}" width="{width:.1f}" height="{HEIGHT - _TOP - _BOTTOM}"'
        parts.append(f'<rect class="band" {shape}/>')
        turned = f'transform="translate({start + width / 2 + 4:.1f} {_TOP + 4}) rotate(90)"'
        parts.append(f'<text class="tick small" {turned}>{escape(band.name)}</text>')
    return parts


def _series(one: Series, colour: str, frame: _Frame) -> list[str]:
    places = [(frame.x(x), frame.y(y)) for x, y in zip(one.x, one.y, strict=True)]
    parts = []
    if one.line and len(places) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dashed = " dashed" if one.dashed else ""
        parts.append(f'<polyline class="line {colour}{dashed}" points="{path}"/>')
    if one.points or not one.line or len(places) == 1:
        parts += [f'<circle class="dot {colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in places]
    for (x, y), text in zip(places, one.texts, strict=False):
        if text:
            parts.append(f'<text class="tick small middle" x="{x:.1f}" y="{y - 7:.1f}">{escape(text)}</text>')
    return parts


def _legend(kept: Sequence[Series]) -> str:
    """Return the names of the series, as text of the page that wraps."""
    named = [(number, one) for number, one in enumerate(kept) if one.name]
    if len(named) < 2:
        return ""
    entries = [
        f'<li><span class="key {one.tone or f"c{number % _PALETTE}"}"></span>{escape(one.name)}</li>'
        for number, one in named
    ]
    return f'<ul class="legend">{"".join(entries)}</ul>'
