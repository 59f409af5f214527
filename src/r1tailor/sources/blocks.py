"""A text as its headings and paragraphs, and the sections that they make.

Text comes as a run of blocks, whatever the format. A section is what follows a heading up to the next one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_MARKED = re.compile(r"(#{1,6})\s+(.*)")
_CHINESE = re.compile(r"第[一二三四五六七八九十百零〇\d]+([编章节])[^。；，]*")
_ENGLISH = re.compile(r"(part|chapter|section) [\dIVXLC]+\b(?:.*[^.,;:])?", re.IGNORECASE)
_LEVELS = {"编": 1, "章": 2, "节": 3, "part": 1, "chapter": 2, "section": 3}
_LONGEST_HEADING = 80  # characters


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a heading of a level from 1 (the highest) to 6; a paragraph's level is 0."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that belong together, and the headings above them from the highest to their own."""

    headings: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The blocks, with an empty line between two."""
        return joined(self.blocks)


def joined(blocks: Iterable[Block]) -> str:
    """Return the text of blocks, with an empty line between two."""
    return "\n\n".join(block.text for block in blocks)


def sections(blocks: Sequence[Block]) -> Iterator[Section]:
    """Yield the sections in order; each block is in one of them.

    Headings that follow one another open one section together.
    """
    above: list[Block] = []
    held: list[Block] = []
    for block in blocks:
        if block.level:
            if held and not held[-1].level:
                yield _section(above, held)
                held = []
            above = [*(heading for heading in above if heading.level < block.level), block]
        held.append(block)
    if held:
        yield _section(above, held)


def _section(above: list[Block], held: list[Block]) -> Section:
    return Section(tuple(heading.text for heading in above), tuple(held))


def plain_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of plain text: paragraphs are divided by empty lines and keep their own lines.

    A heading opens a paragraph with ``#`` marks, or is its short first line that says ``第三章`` or ``Chapter 3``.
    """
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        heading = None if lines else _heading(line.strip())
        if lines and not line.strip():
            yield Block("\n".join(lines))
            lines = []
        elif heading:
            yield heading
        elif line.strip():
            lines.append(line.rstrip())
    if lines:
        yield Block("\n".join(lines))


def _heading(line: str) -> Block | None:
    marked = _MARKED.fullmatch(line)
    if marked:
        text = _without_marks(marked.group(2))
        return Block(text, len(marked.group(1))) if text else None
    numbered = _CHINESE.fullmatch(line) or _ENGLISH.fullmatch(line)
    if numbered is None or len(line) > _LONGEST_HEADING:
        return None
    return Block(line, _LEVELS[numbered.group(1).lower()])


def _without_marks(text: str) -> str:
    """Return a heading without the marks and spaces behind it."""
    end = len(text)
    while end and (text[end - 1] == "#" or text[end - 1].isspace()):
        end -= 1
    return text[:end]
