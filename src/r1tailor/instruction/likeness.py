"""Which examples are near-identical, and so must not lie in different parts of the split.

Texts are compared by their character trigrams; that of a turn is all that was said before its answer.
Examples with a window of numbers are compared by the window alone: the texts next to windows are alike by design, and
the same window is the same input, whatever is asked about it.
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations

from r1tailor.instruction.similarity import similar_pairs, trigrams
from r1tailor.records import Example

_ALL = 1.0  # the trigrams must then be equal, which needs no comparison of all pairs


def near_identical(examples: Sequence[Example], similarity: float) -> list[tuple[int, int]]:
    """Return index pairs (smaller first) of examples with the same window, or with texts of that similarity."""
    pairs = _equal({index: example.series for index, example in enumerate(examples) if example.series})
    texts = {index: _text(example) for index, example in enumerate(examples) if not example.series}
    if similarity == _ALL:
        return pairs + _equal({index: frozenset(trigrams(text)) for index, text in texts.items()})
    places = list(texts)
    found = zip(*similar_pairs(list(texts.values()), similarity), strict=True)
    return pairs + [(places[row], places[column]) for row, column in found]


def repeated(held_out: Sequence[Example], train: Sequence[Example], similarity: float) -> int:
    """Return how many held-out examples have a near-identical one in train."""
    asked, said = ([_text(example) for example in part if not example.series] for part in (held_out, train))
    if similarity == _ALL:
        known = {frozenset(trigrams(text)) for text in said}
        count = sum(frozenset(trigrams(text)) in known for text in asked)
    else:
        count = len(set(similar_pairs(asked, similarity, said)[0])) if asked and said else 0
    return count + len({example.id for example, _ in same_window(held_out, train)})


def same_window(held_out: Sequence[Example], train: Sequence[Example]) -> list[tuple[Example, Example]]:
    """Return every pair of a held-out and a training example with the same window."""
    known: dict[Hashable, list[Example]] = {}
    for example in train:
        if example.series:
            known.setdefault(example.series, []).append(example)
    return [(example, other) for example in held_out for other in known.get(example.series, ())]


def _equal(keys: Mapping[int, Hashable]) -> list[tuple[int, int]]:
    alike: dict[Hashable, list[int]] = {}
    for index, key in keys.items():
        alike.setdefault(key, []).append(index)
    return [pair for members in alike.values() for pair in combinations(members, 2)]


def _text(example: Example) -> str:
    return example.asked or example.output
