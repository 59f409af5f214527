"""Running lines of pages."""

import pytest

from r1tailor.corpus import clean
from r1tailor.corpus.cleaning.pages import remove_running_lines, without_running_lines
from r1tailor.records import Document
from tests.corpus.test_clean import FACTS


def test_a_running_line_deeper_on_the_page_goes_when_the_one_above_it_went() -> None:
    pages = [f"{'abcd'[i]}\nTitle\nWard 7\nJ. Doe\nNo allergies\ntext {i}\n{i + 5}" for i in range(4)]
    assert without_running_lines(pages)[1:] == ["b\ntext 1", "c\ntext 2", "d\ntext 3"]
    assert without_running_lines(pages)[0].count("No allergies") == 1


def test_a_text_of_pages_is_cleaned_with_them() -> None:
    pages = [f"Asthma\nno  fever {word}" for word in ("a", "b", "c")]
    document = Document("d", "\n".join(pages), **FACTS, fields={"pages": pages, "title": "x  y"})
    result, notes = clean.step(("remove_running_lines", "collapse_whitespace"))(document)
    assert result.fields == {"pages": ["Asthma no fever a", "no fever b", "no fever c"], "title": "x y"}
    assert result.text == "Asthma no fever a no fever b no fever c"
    assert [note.rule for note in notes] == ["remove_running_lines", "collapse_whitespace"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("T\na\n- 7 -\fT\nb\n- 8 -\fT\nc\n- 9 -", "T\na\fb\fc"),
        ("Asthma | 1\na\fAsthma | 2\nb\fAsthma | 3\nc", "Asthma | 1\na\fb\fc"),
        ("a\n38.5\fb\n38.5\fc\n38.5", "a\n38.5\fb\n38.5\fc\n38.5"),
        ("Phase 1\na\fPhase 2\nb\fPhase 3\nc", "Phase 1\na\fPhase 2\nb\fPhase 3\nc"),
        ("T\na\fT\nb", "T\na\fT\nb"),
        ("第 1 页 共 3 页\na\f第 2 页 共 3 页\nb\f第 3 页 共 3 页\nc", "a\fb\fc"),
    ],
)
def test_a_line_that_runs_through_the_pages_goes_and_content_stays(before: str, after: str) -> None:
    assert remove_running_lines(before) == after
