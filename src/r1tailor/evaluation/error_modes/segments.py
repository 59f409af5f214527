"""A text as 6 to 12 segments whose concatenation it is: its lines (fields), sentences, clauses or words. No torch.

The longest segment is divided at its coarsest boundary until there are enough. Chinese words are jieba's. What holds
no letter or digit stays with the segment before it.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from r1tailor.corpus.privacy.tagger_zh import tokens
from r1tailor.corpus.scripts import HAN

LEAST, MOST = 6, 12
_OF_WORDS = 8  # segments where words are put together: nothing in the text asks for more, and each doubles the work

_LINE = re.compile(r"(?<=\n)(?!\n)")
_SENTENCE = re.compile(r"(?<=[。！？；])|(?<=[.!?;])(?=\s)")
_CLAUSE = re.compile(r"(?<=[，、])|(?<=,)(?=\s)")
_RUN = re.compile(rf"[{HAN}]+|[^{HAN}\s]*\s*")


def segments(text: str) -> list[str]:
    r"""Return the segments of a text, in order; fewer than 6 where it has no more words, none where it is blank.

    >>> segments("age: 61. ward: icu.\nPain, fever, no cough, no rash.")
    ['age: 61.', ' ward: icu.\n', 'Pain,', ' fever,', ' no cough,', ' no rash.']
    """
    found = [text] if text.strip() else []
    while len(found) < LEAST:
        by_length = sorted(range(len(found)), key=lambda place: -len(found[place]))
        divided = ((place, parts) for place in by_length if (parts := _divided(found[place], len(found))))
        place, parts = next(divided, (0, []))
        if not parts:
            break
        found[place : place + 1] = parts
    return found


def _divided(text: str, there: int) -> list[str]:
    """Return the parts of one of ``there`` segments at its coarsest boundary; empty where it is one word."""
    for level, most in _LEVELS:
        parts = _attached(level(text))
        if len(parts) > 1:
            return _joined(parts, most - there + 1)
    return []


def _attached(parts: Sequence[str]) -> list[str]:
    """Return parts so that each holds a letter or digit."""
    found: list[str] = []
    for part in parts:
        if found and not (_tells(part) and _tells(found[-1])):
            found[-1] += part
        elif part:
            found.append(part)
    if len(found) > 1 and not _tells(found[-1]):
        found[-2:] = ["".join(found[-2:])]
    return found


def _tells(part: str) -> bool:
    return any(character.isalnum() for character in part)


def _joined(parts: Sequence[str], most: int) -> list[str]:
    """Return parts, neighbours put together to segments of about one length where there are too many."""
    if len(parts) <= most:
        return list(parts)
    total, start, found = sum(map(len, parts)), 0, dict[int, str]()
    for part in parts:
        place = int(most * (start + len(part) / 2) / total)
        found[place] = found.get(place, "") + part
        start += len(part)
    return list(found.values())


def _words(text: str) -> list[str]:
    return [word for run in _RUN.findall(text) for word in _of_run(run)]


def _of_run(run: str) -> Iterator[str]:
    """Yield the words of a run of ideographs; anything else is one word."""
    yield from (token.word for token in tokens(run)) if re.match(f"[{HAN}]", run) else (run,)


_LEVELS: tuple[tuple[Callable[[str], list[str]], int], ...] = (
    *((boundary.split, MOST) for boundary in (_LINE, _SENTENCE, _CLAUSE)),
    (_words, _OF_WORDS),
)
