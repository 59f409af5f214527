"""A chart as plain values: what a stage measured is drawn by a later one (``report/svg.py``)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Series:
    """One line, or one set of points, of a chart.

    Attributes:
        name: in the legend; empty for none.
        x: numbers, or ISO dates in every series of the chart.
        y: as many numbers.
        line: whether the points are joined.
        points: whether each point is marked.
        dashed: whether the line is.
        tone: ``good`` or ``bad`` where the colour carries a meaning; empty takes the next of the palette.
        texts: a text at each point; empty for none.
    """

    name: str
    x: tuple[Any, ...]
    y: tuple[float, ...]
    line: bool = True
    points: bool = False
    dashed: bool = False
    tone: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Band:
    """A shaded stretch of the x axis, with its name. Where both ends are equal it is a line."""

    start: Any
    end: Any
    name: str


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        title: what is shown.
        series: lines and points, the first drawn first.
        x_title: of the x axis; empty for none.
        y_title: of the y axis; empty for none.
        bands: shaded stretches.
        log: whether the y axis is logarithmic.
    """

    title: str
    series: tuple[Series, ...]
    x_title: str = ""
    y_title: str = ""
    bands: tuple[Band, ...] = ()
    log: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def chart_from(values: Mapping[str, Any]) -> Chart:
    """Return the chart that ``Chart.as_json`` wrote."""
    series = tuple(
        Series(**{**one, "x": tuple(one["x"]), "y": tuple(one["y"]), "texts": tuple(one["texts"])})
        for one in values["series"]
    )
    return Chart(**{**values, "series": series, "bands": tuple(Band(**one) for one in values["bands"])})
