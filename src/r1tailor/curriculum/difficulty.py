"""How hard each example is, and where it stands among the others.

A score is any number that grows with difficulty; only the order counts. Among the training examples each has a quantile
of its own: ties are broken at random, so that a range of quantiles always holds its share of the examples.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.schema.curriculum import Difficulty


@dataclass(frozen=True)
class Material:
    """Examples to put in an order.

    Attributes:
        tokens: of each, one or more.
        records: the example itself by its id; may be left out where only lengths count.
        losses: of the base model by id (nats a supervised token), where a curriculum asks for them.
    """

    tokens: Sequence[TokenizedExample]
    records: Mapping[str, Example] = field(default_factory=dict)
    losses: Mapping[str, float] = field(default_factory=dict)

    def value(self, index: int, name: str) -> Any:  # noqa: ANN401
        """Return a field of an example.

        Raises:
            DataError: it has none of that name; names the example and what it has.
        """
        record = self.records[self.tokens[index].id]
        if name not in record.fields:
            known = ", ".join(record.fields) or "none"
            raise DataError(f"example {record.id} has no field {name}, which orders the curriculum. It has: {known}")
        return record.fields[name]


def scores(settings: Difficulty, material: Material) -> list[float]:
    """Return the difficulty of each example.

    Raises:
        DataError: an example does not say how hard it is; names the example and the field.
    """
    indexes = range(len(material.tokens))
    match settings.by:
        case "length":
            return [float(len(tokens)) for tokens in material.tokens]
        case "loss":
            return [material.losses[tokens.id] for tokens in material.tokens]
        case "task":
            return [_place(settings.tasks or (), material, index) for index in indexes]
        case name:
            return [_number(name, material, index) for index in indexes]


def quantiles(found: Sequence[float], seed: int) -> list[float]:
    """Return for each score its place among all, in (0, 1]; the n-th from the easiest has n / N.

    >>> quantiles([3.0, 1.0, 2.0, 9.0], seed=1)
    [0.75, 0.25, 0.5, 1.0]
    """
    lots = random.Random(f"{seed}/equals")
    drawn = [lots.random() for _ in found]
    order = sorted(range(len(found)), key=lambda index: (found[index], drawn[index]))
    places = {index: place for place, index in enumerate(order, start=1)}
    return [places[index] / len(found) for index in range(len(found))]


def quantiles_among(found: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Return where scores would stand among others, in [0, 1]: the middle of their equals.

    >>> quantiles_among([0.0, 2.0, 9.0], reference=[1.0, 2.0, 2.0, 3.0])
    [0.0, 0.5, 1.0]
    """
    ordered = sorted(reference)
    return [(bisect_left(ordered, score) + bisect_right(ordered, score)) / (2 * len(ordered)) for score in found]


def _place(tasks: Sequence[str], material: Material, index: int) -> float:
    task = material.value(index, "task")
    if task not in tasks:
        id_ = material.tokens[index].id
        raise DataError(f"example {id_}: its task {task!r} is not in difficulty.tasks ({', '.join(tasks)})")
    return float(tasks.index(task))


def _number(name: str, material: Material, index: int) -> float:
    value = material.value(index, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        id_ = material.tokens[index].id
        raise DataError(f"example {id_}: its field {name} = {value!r:.100} orders the curriculum: a number is needed")
    return float(value)
