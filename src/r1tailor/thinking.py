"""A text that carries its own reasoning, as R1 writes it: ``<think>reasoning</think>answer``, taken apart."""

_OPEN, _CLOSE = "<think>", "</think>"


def parted(text: str, *, strict: bool = False) -> tuple[str, str]:
    r"""Return reasoning and answer: what stands up to the last ``</think>``, and what follows it.

    A text without the opening mark is read too: R1's template opens the block in the prompt, so that what R1 writes
    begins inside it. One that opens ``<think>`` and never closes it was cut while it reasoned: it has no answer.

    Args:
        text: what a model wrote, or a reference.
        strict: whether a text must hold one whole block at its beginning, or none (then it is returned as it stands).

    Raises:
        ValueError: ``strict``, and blocks are nested, repeated or unclosed, or text stands before one; says which.

    >>> parted("<think>\nTwo and two.\n</think>\n\n4")
    ('Two and two.', '4')
    """
    if strict:
        if _OPEN not in text and _CLOSE not in text:
            return "", text
        _refuse_malformed(text)
    before, closed, after = text.rpartition(_CLOSE)
    if not closed and after.lstrip().startswith(_OPEN):
        before, after = after, ""
    return before.replace(_OPEN, "").replace(_CLOSE, "").strip(), after.strip()


def marked(reasoning: str, answer: str) -> str:
    r"""Return a text that carries its reasoning: what ``parted`` takes apart; the answer alone without any.

    >>> marked("Two and two.", "4"), marked("", "4")
    ('<think>\nTwo and two.\n</think>\n\n4', '4')
    """
    return f"{_OPEN}\n{reasoning}\n{_CLOSE}\n\n{answer}" if reasoning else answer


def _refuse_malformed(text: str) -> None:
    opened, closed = text.count(_OPEN), text.count(_CLOSE)
    if opened > closed:
        raise ValueError(f"a {_OPEN} block is not closed")
    if closed > 1:
        raise ValueError(f"{closed} {_CLOSE} where one block of reasoning may stand: blocks are nested or repeated")
    before, mark, _ = text.partition(_OPEN)
    if mark and before.strip():
        raise ValueError(f"text stands before {_OPEN}: reasoning comes first")
