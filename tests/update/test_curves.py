"""Charts are well-formed SVG with a value for everything shown."""

from xml.etree import ElementTree

from r1tailor.update.curves import bars, legend, lines

DAYS = [f"2026-02-{n:02}" for n in range(1, 29)]


def test_lines_have_a_point_for_each_value_and_none_for_a_gap() -> None:
    svg = ElementTree.fromstring(lines(DAYS, {"a & b": [None, *([0.5] * 27)], "c": [1.5] * 28}, "<scores>"))
    points = svg.findall(".//{*}circle")
    assert len(points) == 27 + 28
    assert points[0].find("{*}title").text == "a & b: 0.500"  # type: ignore[union-attr]
    assert svg.find("{*}title").text == "<scores>"  # type: ignore[union-attr]
    assert len(svg.findall(".//{*}text")) < 20, "the names of many days do not overlap"


def test_bars_are_stacked_to_the_highest_day() -> None:
    svg = ElementTree.fromstring(bars(DAYS[:2], {"x": [1, 3], "y": [1, 0]}, "counts"))
    heights = [float(one.get("height", 0)) for one in svg.findall(".//{*}rect")]
    assert heights[1] == 3 * heights[0] == 3 * heights[2]
    assert heights[3] == 0
    assert ElementTree.fromstring(bars([], {"x": []}, "nothing")) is not None
    assert [name for name, _ in legend(["x", "y"])] == ["x", "y"]
