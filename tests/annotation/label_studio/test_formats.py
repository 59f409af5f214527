"""A region covers the text it carries, in the unit that its file proves."""

from collections.abc import Callable

import pytest

from r1tailor.annotation.expected import Expected
from r1tailor.records import Annotation, Document, Span
from tests.external.label_studio import SCHEME
from tests.support.label_studio_cases import FACTS, export, region


@pytest.mark.parametrize("offset", [0, 1], ids=["code points", "UTF-16 units"])
def test_offsets_are_read_in_the_unit_that_the_file_proves(offset: int, read: Callable[..., list[Annotation]]) -> None:
    # The emoji and the rare character count two each in UTF-16. The second "flu" alone would fit either way.
    regions = [
        region("a", 2 + offset, 7 + offset, "fever", "symptom"),
        region("b", 19 + 2 * offset, 22 + 2 * offset, "flu", "disease"),
    ]
    (vote,) = read(export(*regions))
    assert vote.labels.spans == (Span(2, 7, "symptom"), Span(19, 22, "disease"))


@pytest.mark.parametrize("offset", [0, 1], ids=["code points", "UTF-16 units"])
def test_a_region_that_fits_in_both_units_follows_the_others(
    offset: int, read: Callable[..., list[Annotation]]
) -> None:
    document = Document("d1", "😀痛痛痛,发热", **FACTS)
    value = export(
        region("a", 2 + offset, 3 + offset, "痛", "symptom"), region("b", 5 + offset, 7 + offset, "发热", "symptom")
    )
    value[0]["data"]["text"] = document.text
    (vote,) = read(value, Expected({"d1": document}, SCHEME))
    assert vote.labels.spans == (Span(2, 3, "symptom"), Span(5, 7, "symptom"))


def test_a_line_end_that_the_editor_writes_as_backslash_n_is_a_line_end(read: Callable[..., list[Annotation]]) -> None:
    document = Document("d1", "no\nfever", **FACTS)
    value = export(region("a", 1, 5, "o\\nfe", "symptom"))
    value[0]["data"]["text"] = document.text
    (vote,) = read(value, Expected({"d1": document}, SCHEME))
    assert vote.labels.spans == (Span(1, 5, "symptom"),)
