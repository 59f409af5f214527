"""An answer while it is written: its block of reasoning and its answer, each within its budget. No torch."""

from collections import deque
from collections.abc import Sequence
from typing import Literal

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.answerer import Answer, Truncated
from r1tailor.inference.blocks import TAIL, decoded, opens_block
from r1tailor.inference.sampling import Sampling
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.thinking import parted

Part = Literal["start", "reasoning", "answer"]


class Writing:
    """One answer, to which tokens are added one by one.

    Args:
        tokenizer: of the model.
        prompt: its ids; they tell whether the block is open already.
        sampling: with budgets.
        room: tokens that the model can read after the prompt.

    Attributes:
        ids: the tokens so far, without the end of the turn.
    """

    def __init__(self, tokenizer: ChatTokenizer, prompt: Sequence[int], sampling: Sampling, room: int) -> None:
        self.ids: list[int] = []
        self._tokenizer, self._sampling, self._room = tokenizer, sampling, room
        self._opened = opens_block(tokenizer, prompt)
        self._part: Part = "reasoning" if self._opened else "start"
        self._block = 0  # tokens of the block, the marks that the model wrote included
        self._answer_from = 0
        self._forced: deque[int] = deque()
        self._closed_by_force = self._ended = self._stopped = False

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        return self._ended or self._stopped

    @property
    def forced(self) -> int | None:
        """The token that comes next whatever the model would choose; None where the model chooses."""
        return self._forced[0] if self._forced else None

    def take(self, token: int) -> int:
        """Add a token, and return it: another one where the end of the turn gives way to the end of the block."""
        if token == self._tokenizer.end and not self._forced:
            if self._part != "reasoning" or not self._closes():
                self._ended = True
                return token
            self._close()
        if self._forced:
            token = self._forced.popleft()
            self.ids.append(token)
            self._answer_from = len(self.ids)
        else:
            self.ids.append(token)
            self._read()
        self._stop()
        return token

    def answer(self) -> Answer:
        """Return what was written so far as an answer."""
        text = decoded(self._tokenizer, self.ids).strip()
        reasoning, answer = parted(f"{THINK}\n{text}" if self._opened else text)
        cut = self._part == "reasoning"
        block, written = (len(self.ids), 0) if cut else (self._block, len(self.ids) - self._answer_from)
        truncated: Truncated = "reasoning" if cut or self._closed_by_force else "" if self._ended else "answer"
        return Answer(text, reasoning, answer, block, written, truncated)

    def _read(self) -> None:
        """Tell whether a block began or ended with the last token."""
        if self._part == "start":
            begun = decoded(self._tokenizer, self.ids).lstrip()
            if begun.startswith(THINK):
                self._part = "reasoning"
            elif not THINK.startswith(begun):
                self._part = "answer"
        if self._part == "reasoning" and END_THINK in decoded(self._tokenizer, self.ids[-TAIL:]):
            self._part, self._block = "answer", len(self.ids)
            self._answer_from = self._block

    def _stop(self) -> None:
        """Stop, or close the block, where a budget is used up."""
        wanted = self._sampling
        assert wanted.max_answer_tokens is not None
        if self._forced:
            return
        if len(self.ids) >= self._room:
            self._stopped = True
        elif wanted.max_reasoning_tokens is None:
            self._stopped = len(self.ids) >= wanted.max_answer_tokens
        elif self._part != "reasoning":
            self._stopped = len(self.ids) - self._answer_from >= wanted.max_answer_tokens
        elif self._closes() and len(self.ids) >= min(wanted.max_reasoning_tokens, self._room_to_close()):
            self._close()
        else:
            self._stopped = len(self.ids) >= wanted.max_reasoning_tokens

    def _closes(self) -> bool:
        """Whether a block may be closed: it is wanted, and an answer of a token or more fits behind it."""
        return self._sampling.close_reasoning and self._room_to_close() > 0

    def _room_to_close(self) -> int:
        return self._room - (self._sampling.max_answer_tokens or 0) - len(self._closing())

    def _close(self) -> None:
        self._part, self._block, self._closed_by_force = "answer", len(self.ids), True
        self._forced.extend(self._closing())

    def _closing(self) -> tuple[int, ...]:
        return self._tokenizer.ids(self._tokenizer.blocks.closing)
