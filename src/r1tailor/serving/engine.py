"""What answers: an engine takes an ask and gives its answer piece by piece. No torch."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

from r1tailor.inference.sampling import GREEDY, Sampling

Finish = Literal["stop", "length"]


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Ask:
    """What a model is asked.

    Attributes:
        turns: the conversation, of which the last turn is the user's; empty where a text is continued.
        text: to be continued as it stands, without a chat template; used where there are no turns.
        sampling: ``max_answer_tokens`` given.
        stop: texts at which the answer ends; they are not part of it.
        top_logprobs: how many likeliest tokens are told with each; None where no probabilities are asked for.
    """

    turns: tuple[Turn, ...] = ()
    text: str = ""
    sampling: Sampling = GREEDY
    stop: tuple[str, ...] = ()
    top_logprobs: int | None = None


@dataclass(frozen=True)
class TokenLogprob:
    """A token and its log-probability (nats), with those of the likeliest tokens in its place."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Piece:
    """A part of an answer.

    Attributes:
        text: what the model wrote, tags of its reasoning included.
        reasoning: reasoning that the engine itself told apart; empty for engines that do not.
        tokens: how many tokens the piece stands for.
        prompt_tokens: length of the prompt in tokens, in one piece at least; 0 elsewhere.
        finish: in the last piece, why the answer ends.
        logprobs: of the piece's tokens, where they were asked for.
    """

    text: str = ""
    reasoning: str = ""
    tokens: int = 0
    prompt_tokens: int = 0
    finish: Finish | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


class Engine(Protocol):
    """A model at work.

    Attributes:
        kind: ``local``, ``gguf`` or ``endpoint``.
        logprobs: whether it tells the probabilities of tokens.
        opens_reasoning: whether the prompt ends inside a ``<think>`` block, so that answers begin with reasoning.
    """

    kind: str
    logprobs: bool
    opens_reasoning: bool

    def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Yield the answer as it comes. Closing the iterator ends the work.

        Raises:
            Refused: the ask is longer than the model reads (400), or the engine cannot be reached (502).
        """
        ...

    async def close(self) -> None:
        """Free what the model holds; nothing is asked any more."""
        ...
