"""What a model writes becomes reasoning and content, as it comes: tags taken out, ends at stop texts found.

Whatever may be the beginning of a tag, of a stop text or of white space at an end is held back until what follows
decides, so that no piece ever has to be taken back.
"""

from collections.abc import Sequence

from r1tailor.instruction.template import END_THINK, THINK

Shaped = tuple[str, str]  # reasoning, content


class Shaper:
    """Shapes one answer.

    Args:
        opened: whether it begins inside a ``<think>`` block, which the prompt opened.
        stop: texts at which the content ends; reasoning may hold them.
        plain: whether all of it is content, white space and tags included: the continuation of a text.

    Attributes:
        stopped: whether a stop text was found; what comes after it does not count.
        part: what is written now: ``start`` while it is open, ``reasoning`` or ``content``.
    """

    def __init__(self, *, opened: bool = False, stop: Sequence[str] = (), plain: bool = False) -> None:
        self.stopped = False
        self._plain = plain
        self.part = "content" if plain else "reasoning" if opened else "start"
        self._stop = stop
        self._held = ""
        self._begun = plain  # whether anything but white space was let out of this part

    def feed(self, text: str) -> Shaped:
        """Return what can be let out after more was written."""
        if self.stopped:
            return "", ""
        self._held += text
        reasoning = content = ""
        if self.part == "start":
            begun = self._held.lstrip()
            if THINK.startswith(begun) and begun != THINK:
                return "", ""
            self.part = "reasoning" if begun.startswith(THINK) else "content"
            self._held = begun.removeprefix(THINK)
        if self.part == "reasoning":
            inner, tag, rest = self._held.partition(END_THINK)
            if not tag:
                return self._let_out([END_THINK]), ""
            self._held = inner
            reasoning = self._let_out([]).rstrip() if inner else ""
            self.part, self._held, self._begun = "content", rest, False
        if self.part == "content":
            content = self._content()
        return reasoning, content

    def end(self) -> Shaped:
        """Return what was held back when nothing more comes, without white space at its end."""
        held, self._held = self._held if self._plain else self._held.rstrip(), ""
        if self.stopped or not held:
            return "", ""
        held = held if self._begun else held.lstrip()
        return (held, "") if self.part == "reasoning" else ("", held)

    def _content(self) -> str:
        found = [place for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            kept, self._held = self._held[: min(found)], ""
            return kept if self._begun else kept.lstrip()
        return self._let_out(self._stop)

    def _let_out(self, ends: Sequence[str]) -> str:
        """Return what cannot be part of an end or of white space before one, and hold back the rest."""
        if not self._begun:
            self._held = self._held.lstrip()
        kept = max((_overlap(self._held, end) for end in ends), default=0)
        sure = self._held[: len(self._held) - kept]
        sure = sure if self._plain else sure.rstrip()
        self._held = self._held[len(sure) :]
        self._begun = self._begun or bool(sure)
        return sure


def _overlap(text: str, end: str) -> int:
    """Return how many characters at the end of a text may be the beginning of another."""
    return next((n for n in range(min(len(text), len(end) - 1), 0, -1) if text.endswith(end[:n])), 0)
