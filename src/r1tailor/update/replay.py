"""What a candidate is trained on: the day, what earlier days left, and replay of what was trained before.

Half of the replay is real, half is written by the champion itself by default (``update.train.replay``): a model's own
answers move it least from what it can do. The same day always gives the same mixture.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from r1tailor.domain import is_text
from r1tailor.inference.answerer import Answer
from r1tailor.records import Example
from r1tailor.schema.update import Replay
from r1tailor.update.day import Selected

Origin = Literal["day", "pending", "replay", "written"]
Ask = Callable[[Sequence[Example]], Sequence[Answer]]
WRITTEN = "/written"  # after the id of a replayed example whose answer the champion wrote


@dataclass(frozen=True, slots=True)
class Mixed:
    """An example of a mixture.

    Attributes:
        example: as it is trained on.
        origin: the day's own, of an earlier day that is still to be learnt, or replayed: as it is, or with the
            champion's answer.
        of: id of the example that it was made of.
        day: name of the day that it came in; empty for replay.
    """

    example: Example
    origin: Origin
    of: str
    day: str = ""


def learnt(days: Mapping[str, Sequence[Selected]], own: str) -> list[Mixed]:
    """Return what days bring, in training order; what a later item replaces is left out.

    Args:
        days: what was selected, by day, the earliest first.
        own: name of the day that is trained.
    """
    chosen = [(name, one) for name, selected in days.items() for one in selected]
    replaced = {id_ for _, one in chosen for id_ in one.replaces}
    return [
        Mixed(one.example, "day" if name == own else "pending", one.material.example.id, name)
        for name, one in chosen
        if one.material.example.id not in replaced
    ]


def count(learns: int, share: float) -> int:
    """Return how many examples are replayed next to those that are learnt.

    >>> count(30, 0.25), count(30, 0.0)
    (10, 0)
    """
    return round(learns * share / (1 - share)) if share < 1 else learns


def replayed(pool: Sequence[Example], learns: int, wanted: Replay, seed: int, ask: Ask) -> list[Mixed]:
    """Return what is trained on again.

    Args:
        pool: all that was trained on before and still counts.
        learns: how many examples the day brings.
        wanted: share of the mixture, and share of it that the champion writes.
        seed: of the draw.
        ask: returns the champion's answers. An answer that was cut or is empty is not trained on: the real one is.
    """
    drawn = random.Random(f"{seed} replay").sample(list(pool), min(count(learns, wanted.share), len(pool)))
    own = drawn[: round(len(drawn) * wanted.self_written)]
    asked = [example for example in own if _can_be_asked(example)]
    answers = dict(zip((example.id for example in asked), ask(asked) if asked else (), strict=True))
    return [_mixed(example, answers.get(example.id)) for example in drawn]


def _can_be_asked(example: Example) -> bool:
    return not (is_text(example) or example.series or example.tool_calls or example.conversation)


def _mixed(example: Example, answer: Answer | None) -> Mixed:
    if answer is None or answer.truncated or not answer.answer.strip():
        return Mixed(example, "replay", example.id)
    own = replace(
        example, id=f"{example.id}{WRITTEN}", output=answer.answer.strip(), reasoning=answer.reasoning.strip()
    )
    return Mixed(own, "written", example.id)
