"""How an answer is drawn, and how long its reasoning and its answer may be. No torch."""

import hashlib
from dataclasses import dataclass, replace

from r1tailor.errors import UserError
from r1tailor.schema.evaluation import Evaluation


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; the default takes the likeliest one each time.

    Attributes:
        max_answer_tokens: where an answer is cut; None follows ``evaluation``, as the next two then do.
        temperature: 0 is greedy; R1 is recommended 0.6.
        top_p: the smallest set of tokens that holds this probability is drawn from.
        seed: of the draws. Each answer has draws of its own, by the item's id (see ``seed_of``).
        max_reasoning_tokens: where a block of reasoning is cut. None gives reasoning no budget of its own:
            ``max_answer_tokens`` then holds for all that is written, as an API's ``max_tokens`` does.
        close_reasoning: whether a block that does not end within its budget is closed and the answer asked for; such an
            item has no answer otherwise.
        sample: which of several answers to the same prompt this is.

    Raises:
        UserError: a value is out of its range.
    """

    max_answer_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_reasoning_tokens: int | None = None
    close_reasoning: bool = False
    sample: int = 0

    def __post_init__(self) -> None:
        for name in ("max_answer_tokens", "max_reasoning_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{name} = {value}: must be 1 or more")
        if not 0 <= self.temperature <= 10:
            raise UserError(f"temperature = {self.temperature:g}: must be from 0 (greedy) to 10")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p = {self.top_p:g}: must be above 0, and 1 at most")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed = {self.seed}: must be from 0 to 2^32 - 1")

    @property
    def greedy(self) -> bool:
        """Whether nothing is drawn at random."""
        return self.temperature == 0

    def within(self, wanted: Evaluation) -> "Sampling":
        """Return the same with the budgets of an evaluation where it has none of its own."""
        if self.max_answer_tokens is not None:
            return self
        return replace(
            self,
            max_answer_tokens=wanted.max_answer_tokens,
            max_reasoning_tokens=self.max_reasoning_tokens or wanted.max_reasoning_tokens,
            close_reasoning=self.close_reasoning or wanted.on_truncation == "close",
        )

    @property
    def longest(self) -> int:
        """How many tokens are written at most, reasoning and answer together; budgets given."""
        return (self.max_answer_tokens or 0) + (self.max_reasoning_tokens or 0)

    def seed_of(self, item: str) -> int:
        """Return the seed (32 bits) of one item's draws, whatever is asked with it and in which order.

        >>> Sampling(seed=1).seed_of("a") == Sampling(seed=1).seed_of("a") != Sampling(seed=1, sample=1).seed_of("a")
        True
        """
        return int.from_bytes(hashlib.sha256(f"{self.seed} {self.sample} {item}".encode()).digest()[:4])


GREEDY = Sampling()
