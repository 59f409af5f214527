"""An answer that carries its own reasoning, as R1 writes it: ``<think>reasoning</think>answer``, taken apart."""

_OPEN, _CLOSE = "<think>", "</think>"


def parted(answer: str) -> tuple[str, str]:
    """Return the reasoning and the answer of a text; no reasoning where it holds no mark of a block.

    A text without the opening mark is read too: R1's template opens the block in the prompt, so that what R1 writes
    begins inside it.

    Raises:
        ValueError: blocks are nested, repeated or unclosed, or text stands before the block; says which.

    >>> parted("<think>Left arm.</think>cardiology")
    ('Left arm.', 'cardiology')
    """
    opened, closed = answer.count(_OPEN), answer.count(_CLOSE)
    if not opened and not closed:
        return "", answer
    if opened > closed:
        raise ValueError(f"a {_OPEN} block is not closed")
    if opened > 1 or closed > 1:
        raise ValueError(f"{closed} {_CLOSE} where one block of reasoning may stand: blocks are nested or repeated")
    before, mark, inside = answer.partition(_OPEN)
    if mark and before.strip():
        raise ValueError(f"text stands before {_OPEN}: reasoning comes first")
    reasoning, _, rest = (inside if mark else before).partition(_CLOSE)
    if _CLOSE in before and mark:
        raise ValueError(f"{_CLOSE} stands before {_OPEN}")
    return reasoning.strip(), rest.strip()
