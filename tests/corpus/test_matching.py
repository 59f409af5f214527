"""Names found at word boundaries."""

from hypothesis import given

from r1tailor.corpus.folding import fold
from r1tailor.corpus.matching import Matcher, is_beginning, is_end
from r1tailor.corpus.scripts import is_word_character
from r1tailor.corpus.vocabularies import Entry
from tests.corpus.test_terms import _PROPERTY, _TEXT, PAIRS


def slowly(entries: list[tuple[str, ...]], text: str) -> list[tuple[int, int]]:
    """Return what the longest names from the left are, by trying every one at every place."""
    names = [term for term, *_ in entries if len(term) > 1]
    found, start = [], 0
    while start < len(text):
        fitting = [
            len(name)
            for name in names
            if fold(text[start : start + len(name)]) == fold(name)
            and (name != "MI" or text[start : start + 2] == "MI")
            and (name != "CT" or text[start : start + 2] == "CT")
            and is_beginning(text, start)
            and (not is_word_character(name[-1]) or is_end(text, start + len(name)))
        ]
        found += [(start, start + max(fitting))] if fitting else []
        start += max(fitting, default=1)
    return found


@_PROPERTY
@given(_TEXT)
def test_what_is_found_is_what_trying_every_name_at_every_place_finds(text: str) -> None:
    matcher = Matcher([Entry(*entry) for entry in PAIRS])
    assert [(m.start, m.end) for m in matcher.longest(text, fold(text))] == slowly(PAIRS, text)
