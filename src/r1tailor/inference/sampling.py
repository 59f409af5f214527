"""How an answer is drawn. No torch."""

from dataclasses import dataclass

from r1tailor.errors import UserError


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; the default takes the likeliest one each time.

    Attributes:
        max_new_tokens: where an answer is cut; None follows ``evaluation.max_new_tokens``.
        temperature: 0 is greedy; R1 is recommended 0.6.
        top_p: the smallest set of tokens that holds this probability is drawn from.
        seed: of the draws.

    Raises:
        UserError: a value is out of its range.
    """

    max_new_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise UserError(f"max_new_tokens = {self.max_new_tokens}: must be 1 or more")
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


GREEDY = Sampling()
