"""Boilerplate is a whole line of it; a line that says more stays."""

import pytest

from r1tailor.corpus.cleaning.boilerplate import BOILERPLATE, LONGEST_LINE
from r1tailor.corpus.cleaning.lines import remove_boilerplate


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "No fever.\n© 2019 Elsevier. All rights reserved.\n无发热\n免责声明：本内容仅供参考。\n",
            "No fever.\n无发热\n",
        ),
        ("We use cookies to improve.\nno cough\n未经本站许可，不得转载。", "no cough\n"),
        ("(c) 2019 revenue rose 5%\nCopyright law, § 5\n", "(c) 2019 revenue rose 5%\nCopyright law, § 5\n"),
    ],
)
def test_a_line_of_boilerplate_goes_and_the_lines_around_it_stay(before: str, after: str) -> None:
    assert remove_boilerplate(before) == after


def test_a_paragraph_that_begins_like_a_notice_is_content() -> None:
    notice = "© 2019 Elsevier"
    paragraph = "We use cookies" + " and a register of patients" * 10
    assert BOILERPLATE.fullmatch(notice)
    assert BOILERPLATE.fullmatch(paragraph)
    assert len(paragraph) > LONGEST_LINE
    assert remove_boilerplate(f"{notice}\n{paragraph}\n") == f"{paragraph}\n"
