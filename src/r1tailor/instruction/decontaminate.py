"""Find training examples that repeat a held-out example, verbatim or lightly edited, and remove them from train.

A measured gain means nothing if the answer was memorised. Question, output and reasoning are each compared with those
of every training example:

- *verbatim*: the same words in the same order, ignoring case and punctuation.
- *edited*: the training text contains a given share (``containment``) of the held-out text's character trigrams, and
  all of its numbers. Trigrams survive a swapped word, a moved clause and inserted Chinese particles; the same question
  with different numbers is a different question.

In a text of fewer than eight words a swapped word makes a different question: only the order may differ. An output or
reasoning that short (``yes``, ``42``) is not compared, nor is an answer that begins with a label of the task's closed
set, which train must contain. The question is instruction and input, as ``likeness.questions`` reads them; that of a
turn is all that was said before it in its conversation.

An answer that a class shares is no leak: one that three examples of train, or of the held-out part, have in common, and
any where outputs as a whole repeat, three examples to one on average. Nor is a form, such as the same sentence about
another class: an answer to which a fifth of train's come that near.

The question of an example with a window of numbers is the window: its texts are not compared, and a window that also
occurs in train is a leak, whatever ``fields`` are set.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from r1tailor.corpus.shingles import words
from r1tailor.errors import DataError
from r1tailor.instruction.likeness import questions, same_window
from r1tailor.instruction.similarity import contained_pairs
from r1tailor.records import Example
from r1tailor.schema.domain import Leaks

HELD_OUT = ("validation", "test")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FEWEST_WORDS = 8
_SHARED_BY = 3  # examples that make an answer that of a class
_FORM, _FORM_FROM = 0.2, 10  # share of train, and examples, that make an answer a form
_IDS_SHOWN = 10
Parts = dict[str, list[Example]]


@dataclass(frozen=True, slots=True)
class Leak:
    """A training example that repeats what a held-out example asks or answers.

    Attributes:
        train: the training example's id.
        held_out: the held-out example's id.
        part: the held-out example's part.
        field: the field in which they agree (``input``, ``output``, ``reasoning``, ``series``).
        verbatim: whether all words are the same, in the same order.
        containment: share of the held-out text's trigrams that the training text contains, in [0, 1].
    """

    train: str
    held_out: str
    part: str
    field: str
    verbatim: bool
    containment: float


def decontaminate(parts: Parts, settings: Leaks, labels: Sequence[str]) -> tuple[Parts, dict[str, Any]]:
    """Return the parts without leaks in train, and a report that lists the removed examples by id.

    Args:
        parts: examples by part.
        settings: what is compared, and what happens to a leak.
        labels: the closed set of answers (or of their beginnings).

    Raises:
        DataError: there are leaks and ``on_leak`` is ``stop``; names their ids.
    """
    found = leaks_in(parts, settings, labels)
    nearest = {leak.train: leak for leak in sorted(found, key=lambda leak: (leak.verbatim, leak.containment))}
    removed = [nearest[example.id] for example in parts["train"] if example.id in nearest]
    if removed and settings.on_leak == "stop":
        ids = ", ".join(leak.train for leak in removed[:_IDS_SHOWN]) + (", ..." if len(removed) > _IDS_SHOWN else "")
        raise DataError(
            f"{len(removed):,} examples of train repeat what held-out ones ask or answer: {ids} "
            "(domain.split.leaks, on_leak: stop; on_leak: remove takes them out of train)"
        )
    clean = {**parts, "train": [example for example in parts["train"] if example.id not in nearest]}
    report = {
        "fields": list(settings.fields),
        "containment": settings.containment,
        "held_out_with_leaks": {part: _count(found, part) for part in HELD_OUT},
        "removed_from_train": [asdict(leak) for leak in removed],
    }
    return clean, report


def leaks_in(parts: Parts, settings: Leaks, labels: Sequence[str]) -> list[Leak]:
    """Return every pair of a training and a held-out example that agree in a field."""
    every = [example for members in parts.values() for example in members]
    texts = iter(questions(every))
    asked = {name: {example.id: next(texts) for example in members} for name, members in parts.items()}
    own_labels = {"output": tuple(labels)}
    of_classes = {field for field in settings.fields if field != "input" and _repeats(every, field)}
    found = []
    for part in HELD_OUT:
        windows = same_window(parts[part], parts["train"])
        found += [Leak(train.id, held_out.id, part, "series", True, 1.0) for held_out, train in windows]
        for field in settings.fields:
            if field in of_classes:
                continue
            held_out, train = (
                _texts([e for e in parts[name] if not e.series], field, own_labels.get(field, ()), asked[name])
                for name in (part, "train")
            )
            same = _compared(held_out, train, part, field, settings.containment)
            found += same if field == "input" else _without_shared(same, len(train))
    return found


def _repeats(examples: Sequence[Example], field: str) -> bool:
    """Whether the long texts of a field are those of classes: each stands in several examples, on average."""
    texts = [tuple(words(getattr(example, field))) for example in examples]
    long = [text for text in texts if len(text) >= _FEWEST_WORDS]
    return len(long) >= _SHARED_BY * max(len(set(long)), 2)


def _without_shared(same: Sequence[Leak], train: int) -> list[Leak]:
    """Return what is left without answers of classes and forms; ``train`` is how many answers were compared with."""
    verbatim = [leak for leak in same if leak.verbatim]
    of_train, of_held_out = Counter(leak.held_out for leak in verbatim), Counter(leak.train for leak in verbatim)
    shared = {one.held_out for one in verbatim if max(of_train[one.held_out], of_held_out[one.train]) >= _SHARED_BY}
    near = Counter(leak.held_out for leak in same)
    shared |= {held_out for held_out, count in near.items() if count >= max(_FORM_FROM, _FORM * train)}
    return [leak for leak in same if leak.held_out not in shared]


def _texts(
    examples: Sequence[Example], field: str, labels: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, str]:
    """Return the texts to compare by example id; ``asked`` holds the questions."""
    if field == "input":
        return {example.id: asked[example.id] for example in examples if words(asked[example.id])}
    texts = {example.id: getattr(example, field) for example in examples}
    return {id_: t for id_, t in texts.items() if not t.startswith(labels) and len(words(t)) >= _FEWEST_WORDS}


def _compared(held_out: dict[str, str], train: dict[str, str], part: str, field: str, containment: float) -> list[Leak]:
    ids, train_ids = list(held_out), list(train)
    asked, said = [_Text.of(text) for text in held_out.values()], [_Text.of(text) for text in train.values()]
    found = []
    for row, column, share in sorted(contained_pairs(list(held_out.values()), list(train.values()), containment)):
        if asked[row].is_repeated_by(said[column]):
            verbatim = asked[row].words == said[column].words
            found.append(Leak(train_ids[column], ids[row], part, field, verbatim, round(share, 4)))
    return found


@dataclass(frozen=True, slots=True)
class _Text:
    words: list[str]
    numbers: Counter[str]

    @classmethod
    def of(cls, text: str) -> "_Text":
        return cls(words(text), Counter(_NUMBER.findall(text)))

    def is_repeated_by(self, other: "_Text") -> bool:
        """Whether another text that shares most trigrams repeats this one."""
        if len(self.words) < _FEWEST_WORDS:
            return sorted(self.words) == sorted(other.words)
        return self.numbers <= other.numbers


def _count(found: Sequence[Leak], part: str) -> dict[str, int]:
    """Return how many held-out examples of a part have a verbatim leak, and how many only edited ones."""
    verbatim = {leak.held_out for leak in found if leak.part == part and leak.verbatim}
    edited = {leak.held_out for leak in found if leak.part == part} - verbatim
    return {"verbatim": len(verbatim), "edited": len(edited)}
