"""Passages of a text: whole sentences, as many as fit, or the text as it stands, cut where it pauses."""

import re
from collections.abc import Iterator

from pydantic import Field

from r1tailor.schema.domain import Task

_ENDS = (  # where a text may be cut, the best first
    re.compile(r"\n[^\S\n]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[.!?][\"')\]]*\s+|[。！？；][”’」』）]*"),
    re.compile(r"\s+"),
)
_FULL_WIDTH = "。；：？！"  # no space follows
_SENTENCE_END = re.compile(rf"(?<=[^\d\s][.;:?!])\s+|(?<=[{_FULL_WIDTH}])\s*|\n+")  # ``1.`` is no sentence


class PassageTask(Task):
    """A task over passages of documents."""

    passage_characters: int = Field(ge=20, description="Longest passage, in characters; cut at the ends of sentences.")


def passages(text: str, longest: int) -> Iterator[str]:
    """Yield the passages of a text in order, each of at most ``longest`` characters.

    They are cut at the ends of sentences and clauses; a sentence that is longer than that is cut within.
    """
    passage = ""
    for sentence in _sentences(text, longest):
        joined = f"{passage} {sentence}" if passage and passage[-1] not in _FULL_WIDTH else passage + sentence
        if len(joined) > longest:
            yield passage
            joined = sentence
        passage = joined
    if passage:
        yield passage


def pieces(text: str, longest: int) -> Iterator[str]:
    """Yield the pieces of a text in order, each of at most ``longest`` characters; joined, they are the text."""
    begin = 0
    while begin < len(text):
        close = end_of_piece(text, begin, min(begin + longest, len(text)))
        yield text[begin:close]
        begin = close


def end_of_piece(text: str, begin: int, limit: int) -> int:
    """Return where a piece that begins there and may reach up to a limit ends best.

    That is at the end of a paragraph; where a paragraph does not fit, of a line, of a sentence, of a word.
    """
    if limit == len(text):
        return limit
    for ends in _ENDS:
        places = [found.end() for found in ends.finditer(text, begin, limit) if begin < found.end() <= limit]
        if places:
            return places[-1]
    return limit


def _sentences(text: str, longest: int) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        for start in range(0, len(sentence), longest):
            if part := sentence[start : start + longest].strip():
                yield part
