"""Passages of a text: whole sentences, as many as fit, in either language."""

import re
from collections.abc import Iterator

from pydantic import Field

from r1tailor.schema.domain import Task

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


def _sentences(text: str, longest: int) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        for start in range(0, len(sentence), longest):
            if part := sentence[start : start + longest].strip():
                yield part
