"""Broken lines are joined on evidence alone."""

import pytest

from r1tailor.corpus.cleaning.lines import join_broken_lines


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("hyper-\n  tension is hypertension", "hypertension is hypertension"),
        ("non-\nsmall as in non-small", "non-small as in non-small"),
        ("un-\nseen 5-\n10 IL-\n6 (-)\n x-\nray", "un-\nseen 5-\n10 IL-\n6 (-)\n x-\nray"),
        ("soft\u00ad\nly", "softly"),
        ("患有高血\n压。高血压，\n无糖尿病\n。", "患有高血压。高血压，无糖尿病。"),
        ("高血压\n冠心病\n二十\n五，二十五岁\n3\n4", "高血压\n冠心病\n二十\n五，二十五岁\n3\n4"),
    ],
)
def test_a_line_break_is_undone_where_the_text_shows_that_there_is_none(before: str, after: str) -> None:
    assert join_broken_lines(before) == after
