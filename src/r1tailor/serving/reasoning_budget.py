"""The length of a chat's reasoning, within the budget that the version was evaluated with."""


class ReasoningBudget:
    """Counts the tokens of one answer's reasoning. The answer itself is bound by the request and the gateway's limit.

    Args:
        tokens: ``evaluation.max_reasoning_tokens`` of the version.
    """

    def __init__(self, tokens: int) -> None:
        self._left = tokens
        self._open = 0  # tokens of which it is not known yet what they begin

    def spend(self, tokens: int, before: str, now: str) -> bool:
        """Count tokens; return whether a block of reasoning that is still open has used its budget up.

        Args:
            tokens: how many.
            before: what was being written before them: ``start``, ``reasoning`` or ``content``.
            now: what is being written after them. The token that ends a block is the block's.
        """
        self._open += tokens
        part = now if before == "start" else before
        if part == "start":
            return False
        self._left -= self._open if part == "reasoning" else 0
        self._open = 0
        return part == now == "reasoning" and self._left <= 0
