"""Columns are told by what stands in them."""

import pytest

from r1tailor.proposal.cells import described
from r1tailor.sources.written import known_day


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-03-14", "2024-12-01"], "%Y-%m-%d"),
        (["03/14/2024", "12/01/2024"], "%m/%d/%Y"),
        (["14/03/2024", "01/12/2024"], "%d/%m/%Y"),
        (["14.03.2024", "1.12.2024"], "%d.%m.%Y"),
        (["2024年3月14日", "2024年12月1日"], "%Y年%m月%d日"),
        (["20240314", "20241201"], "%Y%m%d"),
        (["12", "34"], ""),
        (["a", "b"], ""),
    ],
)
def test_dates_are_found_with_their_format(cells: list[str], form: str) -> None:
    column = described("d", [{"d": cell} for cell in cells])
    assert column.dates == form
    assert not form or known_day(cells[0], form)


def test_what_stands_for_nothing_is_not_counted_as_a_value() -> None:
    column = described("d", [{"d": cell} for cell in ("x", " N/A ", None, float("nan"), "无", 0)])
    assert (column.rows, column.filled, dict(column.values)) == (6, 2, {"x": 1, "0": 1})


def test_numbers_may_be_written_with_thousands_and_percent() -> None:
    assert described("d", [{"d": "1,002.5"}, {"d": "12%"}, {"d": 3}]).numeric
    assert not described("d", [{"d": "a1"}, {"d": "2"}]).numeric


def test_lists_are_no_plain_cells() -> None:
    assert not described("d", [{"d": [1]}]).plain
