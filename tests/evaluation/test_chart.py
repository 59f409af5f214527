"""A chart survives its way through JSON."""

import json

from r1tailor.evaluation.chart import Band, Chart, Series, chart_from


def test_a_chart_comes_back_from_json() -> None:
    series = Series("a", ("2020-01-01", "2020-01-02"), (1.0, 2.0), points=True, tone="good", texts=("", "x"))
    chart = Chart("t", (series,), "x", "y", (Band("2020-01-01", "2020-01-02", "b"),), log=True)
    assert chart_from(json.loads(json.dumps(chart.as_json()))) == chart
