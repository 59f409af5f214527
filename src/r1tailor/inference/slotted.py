"""Answers that are written together: a slot of keys and values for each, whose place is taken when it ends."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.inference.prefill import Part, rows
from r1tailor.inference.sharing import Sharing
from r1tailor.inference.wanted import Budget, Choose, Wanted
from r1tailor.kernels.attention import unwrapped
from r1tailor.kernels.decoding import Reading, Sharers, Step
from r1tailor.kernels.key_values import LayerShape, Slots, position_bytes
from r1tailor.model.head import Head
from r1tailor.model.temporal import embeddings

_FREE = 8  # this part of the slots is free before the next prompts are read, together
_PLACES = 32  # slots are read to a multiple of this, because products of a new shape are prepared anew
_ROWS = 8  # and so many sequences at once, or a multiple
_HEAD = 256  # rows of logits at once


class Slotted:
    """Answers that are written until all are, or memory runs out.

    Args:
        model: in evaluation mode, in the middle of ``decoding``.
        padding: a token id.
        wanted: the answers.
        sharing: their prompts' beginnings.
        choose: takes the next tokens from logits.
        budget: of memory.
        shapes: of the layers' keys and values, and an empty tensor like them.
        finished: called with the number of each answer when it ends.
    """

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
        hidden = forward(self._model, {"input_ids": known[:1]}, positions[None], reading)
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
            return forward(self._model, {"input_ids": batch.input_ids}, batch.position_ids, reading)
        words = embeddings(self._model, batch.input_ids, batch.windows)
        return forward(self._model, {"inputs_embeds": words}, batch.position_ids, reading)


def forward(model: nn.Module, read: dict[str, Tensor], positions: Tensor, reading: Reading) -> Tensor:
    """Return [T, D] the last hidden states of tokens that are read."""
    causal = unwrapped(model)
    backbone = getattr(causal, causal.base_model_prefix)
    output = backbone(**read, position_ids=positions, use_cache=False, reading=reading)
    hidden: Tensor = output.last_hidden_state[0]
    return hidden


def _rounded(number: int, unit: int) -> int:
    return -(-number // unit) * unit
