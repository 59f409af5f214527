"""Answers written together: shared beginnings kept once, a slot for each answer, its place taken when it ends.

Whatever is written together, each answer is that of its prompt alone, up to rounding. Prompts are read as packed rows,
without padding, and logits exist for the last token of each alone. Memory for keys and values follows a budget;
where it cannot be had, half of it has to do. An answer that loses its slot keeps its tokens: they are read again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.inference.answerer import Answer
from r1tailor.inference.drawing import drawn
from r1tailor.inference.generation import MARKS, Row, rows_of
from r1tailor.inference.prefill import Part, rows
from r1tailor.inference.sampling import Sampling
from r1tailor.inference.sharing import Sharing
from r1tailor.kernels.attention import PACKED_ROWS, UnsupportedAttentionError, unwrapped
from r1tailor.kernels.decoding import DECODING, Reading, Shapes, Sharers, Step
from r1tailor.kernels.key_values import LayerShape, Slots, position_bytes
from r1tailor.kernels.lora_linear import asked
from r1tailor.model.head import Head
from r1tailor.model.temporal import embeddings

_LIKELY = 64  # tokens that an answer is expected to have; a longer one gets a larger slot when it comes to it
_FREE = 8  # this part of the slots is free before the next prompts are read, together
_PLACES = 32  # slots are read to a multiple of this, because products of a new shape are prepared anew
_ROWS = 8  # and so many sequences at once, or a multiple
_HEAD = 256  # rows of logits at once
_DRAWN = 32  # of them at once where tokens are drawn, in fp64
_ROPES = ("default", "linear", "llama3", "yarn")  # angles that follow from a position alone


class Written(Protocol):
    """An answer that is being written."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        ...

    def take(self, token: int) -> int:
        """Add the model's token, or another one in its place; return what was added."""
        ...


Choose = Callable[[Tensor, Sequence[Any]], list[int]]  # logits [n, V] of n answers -> the next token of each


@dataclass
class Wanted:
    """An answer to write.

    Attributes:
        prompt: its response is ignored.
        longest: how many tokens the answer has at most.
        answer: what is written.
        ids: the tokens so far.
        own: how many positions its slot holds.
    """

    prompt: TokenizedExample
    longest: int
    answer: Written
    ids: list[int] = field(default_factory=list)
    own: int = 0

    def needs(self, shared: int) -> int:
        """Return the places in a slot that it is likely to need; ``shared`` leading tokens stand elsewhere."""
        read = len(self.prompt.prompt) - shared + len(self.ids)
        return read + max(min(self.longest - len(self.ids), _LIKELY), 1)


@dataclass
class Budget:
    """What may be used at once; halved where memory runs out.

    Attributes:
        memory: bytes for keys and values.
        positions: of a packed row.
        answers: how many are written together.
    """

    memory: int
    positions: int
    answers: int

    def halve(self) -> None:
        """Make do with half."""
        self.memory, self.positions = self.memory // 2, max(self.positions // 2, 1)
        self.answers = max(self.answers // 2, 1)


def budget_of(model: nn.Module, positions: int, answers: int) -> Budget:
    """Return a budget as large as what training keeps of a packed row for the backward pass.

    For each position and layer that is about 16 vectors as wide as a hidden state.

    Args:
        model: in evaluation mode.
        positions: of a packed row.
        answers: how many are written together, at most.
    """
    config, weight = unwrapped(model).config, next(model.parameters())
    return Budget(positions * config.num_hidden_layers * 16 * config.hidden_size * weight.itemsize, positions, answers)


def knows(model: nn.Module) -> bool:
    """Whether answers of a model can be written here: each layer's attention is one that ``kernels.decoding`` computes.

    Not: layers without attention, scores that are changed (sinks, soft caps), rotary angles that depend on the longest
    sequence of a batch.
    """
    config = unwrapped(model).config
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [one for one in rope.values() if isinstance(one, dict)] or [rope]  # of each kind of layer, or of all
    if any(one.get("rope_type", "default") not in _ROPES for one in kinds):
        return False
    with _decoding(model):
        try:
            shapes, _ = _shapes(model)
        except (UnsupportedAttentionError, AttributeError, TypeError):
            return False
    return len(shapes) == int(config.num_hidden_layers)


def answers(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    prompts: Sequence[TokenizedExample],
    sampling: Sampling,
    budget: Budget,
    finished: Callable[[int, Answer], None],
    context_length: int,
) -> list[Answer]:
    """Return the answer to each prompt.

    Args:
        model: one that is known.
        tokenizer: of that model.
        prompts: their responses are ignored.
        sampling: with budgets.
        budget: of memory.
        finished: called with the number of each answer, and the answer, when it is written.
        context_length: tokens that the model reads, an answer included.
    """
    rows = rows_of(tokenizer, prompts, sampling, context_length)

    def choose(logits: Tensor, some: Sequence[Row]) -> list[int]:
        if sampling.greedy:
            return [int(token) for token in drawn(logits, sampling, []).tolist()]
        numbers = torch.tensor([row.drawn() for row in some], dtype=torch.double)
        parts = zip(torch.split(logits, _DRAWN), torch.split(numbers, _DRAWN), strict=True)
        return [int(token) for part, some_numbers in parts for token in drawn(part, sampling, some_numbers.tolist())]

    longest = [min(sampling.longest + MARKS, context_length - len(one.prompt)) for one in prompts]
    wanted = [Wanted(*one) for one in zip(prompts, longest, rows, strict=True)]
    if wanted:
        write(
            model, tokenizer.end, wanted, choose, budget, lambda number: finished(number, rows[number].writing.answer())
        )
    return [row.writing.answer() for row in rows]


def write(
    model: nn.Module,
    padding: int,
    wanted: Sequence[Wanted],
    choose: Choose,
    budget: Budget,
    finished: Callable[[int], None],
) -> None:
    """Write answers, in place.

    Args:
        model: in evaluation mode, with attention over packed rows.
        padding: a token id.
        wanted: the answers.
        choose: takes the next tokens from logits.
        budget: of memory.
        finished: called with the number of each answer when it ends.

    Raises:
        MemoryError: not even one answer at a time fits (``torch.OutOfMemoryError`` on a GPU).
    """
    sharing = Sharing([one.prompt.prompt for one in wanted])
    with _decoding(model):
        shapes, like = _shapes(model)
        left = set(range(len(wanted)))

        def hand_over(number: int) -> None:
            left.discard(number)
            finished(number)

        while left:
            try:
                _Run(model, padding, wanted, sharing, choose, budget, (shapes, like), hand_over).write(left)
            except (RuntimeError, MemoryError) as error:
                if not _is_memory(error) or budget.positions == 1:
                    raise
                budget.halve()
                sharing.forget()


class _Run:
    """Answers that are written until all are, or memory runs out."""

    def __init__(
        self,
        model: nn.Module,
        padding: int,
        wanted: Sequence[Wanted],
        sharing: Sharing,
        choose: Choose,
        budget: Budget,
        shapes: tuple[list[LayerShape], Tensor],
        finished: Callable[[int], None],
    ) -> None:
        self._model, self._padding, self._wanted, self._sharing = model, padding, wanted, sharing
        self._choose, self._budget, self._finished = choose, budget, finished
        self._shapes, self._like = shapes
        self._active: list[int] = []  # in the order of their slots
        self._sharers: list[Sharers] = []
        self._slots = Slots(self._shapes, 0, 0, self._like)

    def write(self, left: set[int]) -> None:
        """Write the answers ``left``; those that many slots hold first."""
        places = [number for number in self._sharing.order if number in left]
        self._queue = deque(sorted(places, key=lambda number: self._needs(number).bit_length()))
        while self._queue or self._active:
            taken = self._admitted()
            if taken:
                self._prefill(taken)
            else:
                self._grow_if_full()
                self._step()
            self._leave()

    def _needs(self, number: int) -> int:
        return self._wanted[number].needs(self._sharing.shared(number))

    def _admitted(self) -> list[int]:
        """Return the answers that get slots now: none until a part of these is free."""
        if not self._queue:
            return []
        needs = self._needs(self._queue[0])
        if needs > self._slots.capacity:
            several = [self._needs(number) for number in list(self._queue)[: self._budget.answers]]
            capacity = max(need for need in several if need.bit_length() == needs.bit_length() or need <= needs)
            if len(self._active) > self._count(_rounded(capacity, _PLACES)):
                return []  # room comes as answers end
            self._resize(capacity)
        free = self._slots.count - len(self._active)
        if free < min(len(self._queue), max(1, self._slots.count // _FREE)):
            return []
        taken: list[int] = []
        while self._queue and len(taken) < free and self._needs(self._queue[0]) <= self._slots.capacity:
            taken.append(self._queue.popleft())
        return taken

    def _count(self, capacity: int) -> int:
        """Return how many slots of a capacity there may be."""
        each = position_bytes(self._shapes, self._like.dtype) * (capacity + self._sharing.mean)
        count = min(
            self._budget.memory // each, _rounded(len(self._active) + len(self._queue), _ROWS), self._budget.answers
        )
        return max(count - count % _ROWS if count > _ROWS else count, 1)

    def _resize(self, capacity: int) -> None:
        """Give every active answer a slot of another capacity; those for which there is none go back to the queue."""
        capacity = _rounded(capacity, _PLACES)
        count = max(self._count(capacity), 1)
        for number in self._active[count:][::-1]:
            self._queue.appendleft(number)
        del self._active[count:]
        old = self._slots
        self._slots = Slots(self._shapes, count, capacity, self._like)
        self._slots.take_over(old, len(self._active))
        self._sharers = []

    def _grow_if_full(self) -> None:
        if any(self._wanted[number].own >= self._slots.capacity for number in self._active):
            most = max(
                len(self._wanted[n].prompt.prompt) - self._sharing.shared(n) + self._wanted[n].longest
                for n in self._active
            )
            self._resize(min(2 * self._slots.capacity, most))

    def _prefill(self, taken: Sequence[int]) -> None:
        """Read what is known of some answers, and choose the next token of each."""
        for beginnings in self._sharing.missing(taken):
            parts = [
                Part(self._tokens(number, tokens), into.start, context, into)
                for number, tokens, context, into in beginnings
            ]
            for row in rows(parts, self._slots, self._budget.positions, self._padding):
                self._read(row.batch, row.reading)
        parts = []
        for slot, number in enumerate(taken, start=len(self._active)):
            one, start = self._wanted[number], self._sharing.shared(number)
            read = (*one.prompt.prompt, *one.ids)[start:]
            one.own = len(read)
            parts.append(Part(self._tokens(number, read), start, self._sharing.context(number), slot))
        self._active += taken
        self._sharers = []
        for row in rows(parts, self._slots, self._budget.positions, self._padding):
            hidden = self._read(row.batch, row.reading)
            self._choose_next(hidden.index_select(0, row.last), [self._active[slot] for slot in row.slots])

    def _tokens(self, number: int, ids: tuple[int, ...]) -> TokenizedExample:
        return replace(self._wanted[number].prompt, prompt=ids, response=(), conversation="")

    def _step(self) -> None:
        """Read the newest token of every active answer, and choose the next."""
        active = [self._wanted[number] for number in self._active]
        filler = [0] * (min(_rounded(len(active), _ROWS), self._slots.count) - len(active))
        ids = [one.ids[-1] for one in active] + filler
        places = [one.own for one in active] + filler
        starts = [self._sharing.shared(number) for number in self._active] + filler
        known = torch.tensor([ids, places, starts], device=self._like.device)
        positions = known[1] + known[2]
        width = min(_rounded(max(places) + 1, _PLACES), self._slots.capacity)
        if not self._sharers:
            self._sharers = self._shared(len(ids))
        reading = Step(self._slots, known[1], width, self._sharers, positions)
        hidden = _forward(self._model, {"input_ids": known[:1]}, positions[None], reading)
        for one in active:
            one.own += 1
        self._choose_next(hidden[: len(active)], self._active)

    def _shared(self, count: int) -> list[Sharers]:
        """Return the rows of a step by the beginnings that they share; filler goes with the last."""
        found: dict[tuple[int, ...], list[int]] = {}
        for row, number in enumerate(self._active):
            found.setdefault(tuple(map(id, self._sharing.context(number))), []).append(row)
        contexts = [self._sharing.context(self._active[members[0]]) for members in found.values()]
        if len(contexts) == 1:
            return [Sharers(slice(None), contexts[0])]
        *others, last = found.values()
        members = [*others, [*last, *range(len(self._active), count)]]
        return [Sharers(self._rows(one), context) for one, context in zip(members, contexts, strict=True)]

    def _rows(self, members: list[int]) -> slice | Tensor:
        if members == list(range(members[0], members[-1] + 1)):
            return slice(members[0], members[-1] + 1)
        return torch.tensor(members, device=self._like.device)

    def _choose_next(self, hidden: Tensor, numbers: Sequence[int]) -> None:
        head = Head(unwrapped(self._model))
        for start in range(0, len(numbers), _HEAD):
            some = [self._wanted[number] for number in numbers[start : start + _HEAD]]
            tokens = self._choose(head(hidden[start : start + _HEAD]), [one.answer for one in some])
            for one, token in zip(some, tokens, strict=True):
                one.ids.append(one.answer.take(token))

    def _leave(self) -> None:
        """Hand over the answers that ended; the last active one takes an empty slot over."""
        for slot in reversed(range(len(self._active))):
            number = self._active[slot]
            if not self._wanted[number].answer.done:
                continue
            last = self._active.pop()
            if slot < len(self._active):
                self._slots.move(len(self._active), slot, self._wanted[last].own)
                self._active[slot] = last
            self._sharers = []
            self._sharing.left(number)
            self._finished(number)

    def _read(self, batch: MicroBatch, reading: Reading) -> Tensor:
        batch = batch.to(self._like.device)
        if batch.windows is None:
            return _forward(self._model, {"input_ids": batch.input_ids}, batch.position_ids, reading)
        words = embeddings(self._model, batch.input_ids, batch.windows)
        return _forward(self._model, {"inputs_embeds": words}, batch.position_ids, reading)


def _forward(model: nn.Module, read: dict[str, Tensor], positions: Tensor, reading: Reading) -> Tensor:
    """Return [T, D] the last hidden states of tokens that are read."""
    causal = unwrapped(model)
    backbone = getattr(causal, causal.base_model_prefix)
    output = backbone(**read, position_ids=positions, use_cache=False, reading=reading)
    hidden: Tensor = output.last_hidden_state[0]
    return hidden


def _shapes(model: nn.Module) -> tuple[list[LayerShape], Tensor]:
    """Return the shapes of the layers' keys and values, and an empty tensor like them."""
    shapes = Shapes({})
    one = torch.zeros(1, 1, dtype=torch.long, device=next(model.parameters()).device)
    _forward(model, {"input_ids": one}, one, shapes)
    assert shapes.like is not None
    return [shapes.found[layer] for layer in sorted(shapes.found)], shapes.like


def _rounded(number: int, unit: int) -> int:
    return -(-number // unit) * unit


def _is_memory(error: BaseException) -> bool:
    """Whether memory ran out; on CPUs torch says so in words alone."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)


@contextmanager
def _decoding(model: nn.Module) -> Iterator[None]:
    """Let a model attend to what is kept."""
    base = unwrapped(model)
    base.set_attn_implementation(DECODING)
    try:
        with asked(model):
            yield
    finally:
        base.set_attn_implementation(PACKED_ROWS)
