"""Answers written together: shared beginnings kept once, a slot for each answer, its place taken when it ends.

Whatever is written together, each answer is that of its prompt alone, up to rounding. Prompts are read as packed rows,
without padding, and logits exist for the last token of each alone. Memory for keys and values follows a budget;
where it cannot be had, half of it has to do. An answer that loses its slot keeps its tokens: they are read again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.inference.answerer import Answer
from r1tailor.inference.drawing import drawn
from r1tailor.inference.generation import MARKS, Row, rows_of
from r1tailor.inference.sampling import Sampling
from r1tailor.inference.sharing import Sharing
from r1tailor.inference.slotted import Slotted, forward
from r1tailor.inference.wanted import Budget, Choose, Wanted
from r1tailor.kernels.asked import asked
from r1tailor.kernels.attention import PACKED_ROWS, UnsupportedAttentionError, unwrapped
from r1tailor.kernels.decoding import DECODING, Shapes
from r1tailor.kernels.key_values import LayerShape

_DRAWN = 32  # rows of logits at once where tokens are drawn, in fp64
_ROPES = ("default", "linear", "llama3", "yarn")  # angles that follow from a position alone


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
                Slotted(model, padding, wanted, sharing, choose, budget, (shapes, like), hand_over).write(left)
            except (RuntimeError, MemoryError) as error:
                if not _is_memory(error) or budget.positions == 1:
                    raise
                budget.halve()
                sharing.forget()


def _shapes(model: nn.Module) -> tuple[list[LayerShape], Tensor]:
    """Return the shapes of the layers' keys and values, and an empty tensor like them."""
    shapes = Shapes({})
    one = torch.zeros(1, 1, dtype=torch.long, device=next(model.parameters()).device)
    forward(model, {"input_ids": one}, one, shapes)
    assert shapes.like is not None
    return [shapes.found[layer] for layer in sorted(shapes.found)], shapes.like


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
