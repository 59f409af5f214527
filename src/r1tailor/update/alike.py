"""Which questions are the same one: near-identical texts with the same numbers, or the same window.

In a question of fewer than eight words a swapped word asks something else: only the order may differ, as in
``instruction/decontaminate.py``.
"""

import re
from collections import Counter
from collections.abc import Sequence

from r1tailor.corpus.shingles import words
from r1tailor.instruction.likeness import compared
from r1tailor.instruction.similarity import similar_pairs
from r1tailor.records import Example

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FEWEST_WORDS = 8


def same_questions(
    examples: Sequence[Example], others: Sequence[Example] | None, similarity: float
) -> list[tuple[int, int]]:
    """Return index pairs (in ``examples``, in ``others``) that ask the same; without others, pairs among themselves."""
    pairs = near_questions(examples, others, similarity)
    second = examples if others is None else others
    texts = compared([*examples, *second])
    first_texts, second_texts = texts[: len(examples)], texts[len(examples) :]
    return [
        (row, column)
        for row, column in pairs
        if (examples[row].series and second[column].series) or _is_same(first_texts[row], second_texts[column])
    ]


def near_questions(
    examples: Sequence[Example], others: Sequence[Example] | None, similarity: float
) -> list[tuple[int, int]]:
    """Return index pairs whose questions reach a Jaccard index over character trigrams, or that read one window."""
    second = examples if others is None else others
    if not examples or not second:
        return []
    texts = compared([*examples, *second])
    rows = [index for index, example in enumerate(examples) if not example.series]
    columns = [index for index, example in enumerate(second) if not example.series]
    asked = [texts[row] for row in rows]
    against = None if others is None else [texts[len(examples) + column] for column in columns]
    found = zip(*similar_pairs(asked, similarity, against), strict=True) if asked and against != [] else ()
    pairs = [(rows[row], columns[column]) for row, column in found]
    windows: dict[object, list[int]] = {}
    for column, example in enumerate(second):
        if example.series:
            windows.setdefault((example.series, example.instruction, example.input), []).append(column)
    for row, example in enumerate(examples):
        if example.series:
            same = windows.get((example.series, example.instruction, example.input), [])
            pairs += [(row, column) for column in same if others is not None or row < column]
    return pairs


def _is_same(text: str, other: str) -> bool:
    one, two = words(text), words(other)
    if min(len(one), len(two)) < _FEWEST_WORDS:
        return sorted(one) == sorted(two)
    return Counter(_NUMBER.findall(text)) == Counter(_NUMBER.findall(other))
