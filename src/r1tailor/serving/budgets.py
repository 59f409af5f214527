"""The lengths of a chat's reasoning and of its answer, each within the budget that the version was evaluated with."""

from r1tailor.schema.evaluation import Evaluation


class Budgets:
    """Counts the tokens of one answer.

    Args:
        wanted: of the version's settings.
    """

    def __init__(self, wanted: Evaluation) -> None:
        self._left = {"reasoning": wanted.max_reasoning_tokens, "content": wanted.max_answer_tokens}
        self._open = 0  # tokens of which it is not known yet what they begin

    def spend(self, tokens: int, before: str, now: str) -> bool:
        """Count tokens; return whether the budget of what is being written is used up.

        Args:
            tokens: how many.
            before: what was being written before them: ``start``, ``reasoning`` or ``content``.
            now: what is being written after them. The token that ends a block is the block's.
        """
        self._open += tokens
        part = now if before == "start" else before
        if part == "start":
            return False
        self._left[part] -= self._open
        self._open = 0
        return part == now and self._left[part] <= 0


def longest(wanted: Evaluation) -> int:
    """Return the tokens of both budgets together."""
    return wanted.max_reasoning_tokens + wanted.max_answer_tokens
