"""An id is unique over all files of a source."""

from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources.ids import SeenIds


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.text(max_size=3)))
def test_an_id_is_known_from_where_it_stood_first(ids: list[str]) -> None:
    seen = SeenIds()
    for place, id_ in enumerate(ids):
        first = ids.index(id_)
        assert seen.earlier(id_, str(place)) == (None if first == place else str(first))
    seen.close()
