"""An id is unique over all files of a source."""

from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources.ids import SeenIds, not_unique, without_file


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.text(max_size=3)))
def test_an_id_is_known_from_where_it_stood_first(ids: list[str]) -> None:
    seen = SeenIds()
    for place, id_ in enumerate(ids):
        first = ids.index(id_)
        assert seen.earlier(id_, "a, b.csv", str(place)) == (None if first == place else ("a, b.csv", str(first)))
    seen.close()


def test_a_reason_can_be_told_without_the_file_that_it_names() -> None:
    told = without_file(not_unique("mrn", "data/Doe, John.csv", "line 3"), lambda file: f"<{len(file)}>")
    assert told == "mrn is not unique: it stands in <18>, line 3"
    assert without_file("text is empty", str.upper) == "text is empty"
