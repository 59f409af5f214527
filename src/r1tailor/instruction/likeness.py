"""Which examples are near-identical, and so must not lie in different parts of the split.

What is compared is what an example asks: instruction and input, of which ``questions`` leaves out what asks nothing; a
turn asks with all that was said before its answer. Texts are compared by their character trigrams. Examples with a
window of numbers are compared by the window alone: the texts next to windows are alike by design, and the same window
is the same input, whatever is asked about it.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations

from r1tailor.instruction.similarity import similar_pairs, trigrams
from r1tailor.records import Example

_ALL = 1.0  # the trigrams must then be equal, which needs no comparison of all pairs
_NOTE_FROM = 10  # examples: fewer with the same input are questions about one text


def questions(examples: Sequence[Example]) -> list[str]:
    """Return what each example asks; empty where nothing of it is its own.

    It is the instruction and the input, except

    - an instruction that all examples have, or more of them than have the input next to it: it states the task;
    - an input that more than half of the examples have next to other instructions, such as "Answer in one word."
    """
    instructions = Counter(example.instruction for example in examples)
    inputs = Counter(example.asked for example in examples)
    notes = {text for text, count in inputs.items() if count > max(len(examples) / 2, _NOTE_FROM)}

    def question(example: Example) -> str:
        asked, given = example.instruction, example.asked
        if instructions[asked] == len(examples) or (given and instructions[asked] > inputs[given]):
            return given
        return asked if given in notes else "\n".join(filter(None, (asked, given)))

    return [question(example) for example in examples]


def near_identical(examples: Sequence[Example], similarity: float) -> list[tuple[int, int]]:
    """Return index pairs (smaller first) of examples with the same window, or with texts of that similarity."""
    pairs = _equal({index: example.series for index, example in enumerate(examples) if example.series})
    asked = compared(examples)
    texts = {index: asked[index] for index, example in enumerate(examples) if not example.series}
    if similarity == _ALL:
        return pairs + _equal({index: frozenset(trigrams(text)) for index, text in texts.items()})
    places = list(texts)
    found = zip(*similar_pairs(list(texts.values()), similarity), strict=True)
    return pairs + [(places[row], places[column]) for row, column in found]


def repeated(parts: Mapping[str, Sequence[Example]], part: str, similarity: float) -> int:
    """Return how many examples of a held-out part have a near-identical one in train."""
    held_out, train = parts[part], parts["train"]
    every = [example for members in parts.values() for example in members]
    texts = iter(compared(every))
    of = {name: [(example, next(texts)) for example in members] for name, members in parts.items()}
    asked, said = ([text for example, text in of[name] if not example.series] for name in (part, "train"))
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


def compared(examples: Sequence[Example]) -> list[str]:
    """Return what examples are compared by; the answer where nothing tells apart what is asked."""
    asked = questions(examples)
    return [text or example.output for text, example in zip(asked, examples, strict=True)]
