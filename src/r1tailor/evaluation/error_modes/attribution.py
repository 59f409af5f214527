"""Which segments of a question made a model prefer the wrong answer: Shapley values of a difference. No torch.

What is explained is log p(right answer) - log p(given answer), each with its end token, as the tuned model scores them
after the question without some of its segments. A segment with a negative value speaks for the wrong answer. All sets
of segments are scored at once, so that a packed row holds what they begin with once.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from time import perf_counter
from typing import Any

from r1tailor.domain.answers import folded
from r1tailor.errors import DataError
from r1tailor.evaluation.error_modes.outcomes import Kind, Outcome
from r1tailor.evaluation.error_modes.segments import segments
from r1tailor.evaluation.error_modes.shapley import shapley
from r1tailor.inference.answerer import Answerer
from r1tailor.records import Example

_ERRORS: tuple[Kind, ...] = ("regressed", "both_wrong", "wrong")


@dataclass(frozen=True)
class Segment:
    """A segment of a question.

    Attributes:
        text: its characters; those of all segments make the question.
        value: its Shapley value, in nats.
        error: Monte-Carlo standard error of the value; 0 where it is exact.
    """

    text: str
    value: float
    error: float


@dataclass(frozen=True)
class Attribution:
    """Why an item was answered as it was.

    Attributes:
        id: of the item.
        kind: which of base and tuned model is wrong.
        right: the reference answer.
        given: the wrong answer.
        segments: of the question, in order.
        full: the difference with all segments, in nats.
        empty: the difference without any.
        error: the largest Monte-Carlo standard error of a segment's value.
    """

    id: str
    kind: Kind
    right: str
    given: str
    segments: tuple[Segment, ...]
    full: float
    empty: float
    error: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @property
    def against(self) -> str:
        """The text of the segment that speaks most for the wrong answer; empty where none does."""
        worst = min(self.segments, key=lambda one: one.value)
        return worst.text if worst.value < 0 else ""


@dataclass(frozen=True)
class Explained:
    """Items that were explained, those that were not, counted by the reason, and the seconds that it took."""

    attributions: list[Attribution]
    left_out: dict[str, int]
    seconds: float


def explained(
    found: Sequence[Outcome], open_: Callable[[], Answerer], limit: int, seed: int, progress: Callable[[int, int], None]
) -> Explained:
    """Return attributions of errors and of items on which base and tuned model disagree; of no others.

    Args:
        found: all items.
        open_: opens the tuned model; called where there is anything to explain.
        limit: items, at most; drawn at random: errors first, their kinds in turn, then what only the base gets wrong.
        seed: of what is drawn.
        progress: called with the number of items done and of all to do: before the first and after each.
    """
    waiting, left_out = _askable(found)
    chosen = list(_in_turn(waiting, seed))
    if len(chosen) > limit:
        left_out["above the limit"] = len(chosen) - limit
    made: list[Attribution] = []
    start = perf_counter()
    if asked := chosen[:limit]:
        answerer = open_()
        progress(0, len(asked))
        for done, outcome in enumerate(asked, 1):
            try:
                made.append(explain(answerer, outcome, seed))
            except DataError:  # the model does not read that much
                left_out["too long"] = left_out.get("too long", 0) + 1
            progress(done, len(asked))
    return Explained(made, left_out, perf_counter() - start)


def explain(answerer: Answerer, outcome: Outcome, seed: int) -> Attribution:
    """Return the attribution of one item.

    Raises:
        DataError: question and answer are longer than the model reads.
    """
    example, right, given = outcome.example, outcome.right_answer, outcome.given_answer
    texts = segments(example.input)

    def worth(sets: Sequence[int]) -> list[float]:
        prompts = [_without(example, texts, one) for one in sets]
        both = answerer.score(prompts * 2, [right] * len(prompts) + [given] * len(prompts))
        values = [one.log_likelihood for one in both]
        return [a - b for a, b in zip(values[: len(sets)], values[len(sets) :], strict=True)]

    found = shapley(len(texts), worth, _drawn(seed, example.id))
    parts = tuple(Segment(*one) for one in zip(texts, found.values, found.errors, strict=True))
    return Attribution(example.id, outcome.kind, right, given, parts, found.full, found.empty, error=max(found.errors))


def _without(example: Example, texts: Sequence[str], kept: int) -> Example:
    """Return the question with those segments alone whose bits are set."""
    said = "".join(text for place, text in enumerate(texts) if kept >> place & 1)
    return replace(example, id=f"{example.id} {kept}", input=said, reasoning="", tool_calls=(), conversation="")


def _askable(found: Sequence[Outcome]) -> tuple[list[Outcome], dict[str, int]]:
    """Return the items that can be explained, and how many cannot, by the reason."""
    asked, left_out = [], dict[str, int]()
    for one in found:
        if one.kind == "right":
            continue
        reason = _not_askable(one)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            asked.append(one)
    return asked, left_out


def _not_askable(one: Outcome) -> str:
    if not one.given_answer:
        return "no answer was given"
    if not one.right_answer:
        return "the reference has no text"
    if folded(one.given_answer) == folded(one.right_answer):
        return "the answer reads as the reference"
    return "" if one.example.input.strip() else "the question has no text of its own"


def _in_turn(found: Sequence[Outcome], seed: int) -> Iterator[Outcome]:
    """Yield errors at random, one of each kind in turn, then the items that only the base model gets wrong."""
    drawn = sorted(found, key=lambda one: _drawn(seed, one.example.id))
    kinds = [[one for one in drawn if one.kind == kind] for kind in _ERRORS]
    yield from (one for turn in zip_longest(*kinds) for one in turn if one is not None)
    yield from (one for one in drawn if one.kind == "fixed")


def _drawn(seed: int, id_: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {id_}".encode()).digest()[:8], "big")
