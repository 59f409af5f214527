"""Charts: values lie where they belong, what cannot be drawn is left out, names are text and never markup."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from r1tailor.evaluation.chart import Band, Chart, Series
from r1tailor.report.svg import Axis, bar, dots, drawn, interval, parallel


def _points(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]
        for line in re.findall(r'points="([^"]+)"', svg)
    ]


def _well_formed(svg: str) -> None:
    ET.fromstring(f"<div>{svg}</div>")


def test_a_falling_line_falls() -> None:
    svg = drawn(Chart("Loss", (Series("training", (1, 2, 3), (3.0, 2.0, 1.0)),), "step", "nats"), "it falls")
    _well_formed(svg)
    (line,) = _points(svg)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert [y for _, y in line] == sorted(y for _, y in line), "y of the screen grows downwards"
    assert "<desc>it falls</desc>" in svg
    assert "legend" not in svg, "one line needs no legend"


def test_what_is_not_finite_or_not_positive_on_a_log_axis_is_left_out() -> None:
    series = Series("a", (1, 2, 3, 4), (1.0, math.nan, 0.0, 10.0))
    (line,) = _points(drawn(Chart("t", (series,), log=True)))
    assert len(line) == 2
    assert drawn(Chart("t", (Series("a", (1,), (math.nan,)),))) == ""
    assert drawn(Chart("t", ())) == ""


def test_one_value_and_equal_values_can_be_drawn() -> None:
    for chart in (Chart("t", (Series("a", (1,), (2.0,)),)), Chart("t", (Series("a", (1, 2), (2.0, 2.0)),))):
        _well_formed(drawn(chart))


def test_a_long_line_is_thinned_and_keeps_its_ends() -> None:
    (line,) = _points(drawn(Chart("t", (Series("a", tuple(range(9000)), tuple(map(float, range(9000)))),))))
    assert 500 < len(line) < 1000
    (short,) = _points(drawn(Chart("t", (Series("a", (0, 8999), (0.0, 8999.0)),))))
    assert (line[0], line[-1]) == (short[0], short[-1])


def test_days_have_years_and_bands_their_names() -> None:
    days = tuple(f"20{year:02}-06-01" for year in range(10, 20))
    chart = Chart("t", (Series("index", days, (1.0,) * 10),), bands=(Band("2012-01-01", "2013-01-01", "Crisis <b>"),))
    svg = drawn(chart)
    _well_formed(svg)
    assert ">2012<" in svg
    assert "Crisis &lt;b&gt;" in svg


def test_names_are_never_markup() -> None:
    chart = Chart("<i>", (Series("<script>", (1, 2), (1.0, 2.0)), Series("b", (1, 2), (1.0, 2.0), texts=("<u>", ""))))
    svg = drawn(chart, '"<img>')
    _well_formed(svg)
    assert not re.search("<(i|script|u|img)>", svg)
    assert svg.count("<li>") == 2


@pytest.mark.parametrize(("value", "side"), [(0.5, 1), (-0.5, -1), (9.0, 1)])
def test_an_interval_lies_on_its_side_of_zero(value: float, side: int) -> None:
    svg = interval({"difference": value, "low": value - 0.1, "high": value + 0.1}, 1.0, "good", 'a "label"')
    _well_formed(svg)
    middle = float(re.findall(r'cx="([\d.]+)"', svg)[0])
    assert (middle - 60) * side > 0
    assert 0 <= middle <= 120
    assert "&quot;label&quot;" in svg


def test_models_are_dots_on_one_scale() -> None:
    entries = [("base", {"value": 0.0, "low": 0.0, "high": 0.1}), ("tuned", {"value": 1.0, "low": 0.9, "high": 1.0})]
    svg = dots([("accuracy", entries)], "t", "s")
    _well_formed(svg)
    left, right = map(float, re.findall(r'cx="([\d.]+)"', svg))
    assert left < right <= 720


def test_parallel_coordinates_place_numbers_texts_and_logarithms() -> None:
    axes = [
        Axis("lr", [1e-5, 1e-3, 1e-4]),
        Axis("strategy", ["lora", "full", "lora"]),
        Axis("loss <b>", [1.0, None, 2.0]),
    ]
    svg = parallel(axes, ["good", "c1", "c1"], "runs", "three runs")
    _well_formed(svg)
    lines = _points(svg)
    assert [len(line) for line in lines] == [2, 3, 3], "a line ends where it has no value; the best is drawn last"
    best, failed, other = lines[2], lines[0], lines[1]
    assert best[0][1] > other[0][1] > failed[0][1]
    middle = (best[0][1] + failed[0][1]) / 2
    assert other[0][1] == pytest.approx(middle), "a wide range is logarithmic"
    assert best[1][1] == other[1][1] < failed[1][1], "texts in their order from below"
    assert "loss &lt;b&gt;" in svg
    assert parallel(axes[:1], ["c1"] * 3, "runs", "") == ""


def test_an_axis_of_one_value_and_a_bar_can_be_drawn() -> None:
    _well_formed(parallel([Axis("a", [2.0, 2.0]), Axis("b", [None, None])], ["c1", "c1"], "t", ""))
    short, long = (re.findall(r'x2="([\d.]+)"', bar(share, "x"))[0] for share in (0.25, 1.0))
    assert (float(short), float(long)) == (32.0, 116.0)
