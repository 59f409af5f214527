"""What may mark an item on which a model is wrong, as columns of values. No torch.

Columns: the task, the class of the reference answer, source, length, rare words, negation, truncation, the annotators'
disagreement, a column for each field of the text (``ward: icu``) or of the record, and one for each segment that
attributions name most often (``mentions``): whether a text holds it can be told of every item, right or wrong.
Boundaries, frequent values and segments are learnt on one half of the items and then hold for any text.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from r1tailor.corpus.folding import fold
from r1tailor.corpus.negation import scopes
from r1tailor.corpus.scripts import HAN
from r1tailor.records import Document

OTHER, NONE = "(other)", "(none)"
_FIELD = re.compile(r"^\s*([^:：\n]{1,40}?)\s*[:：][ \t]*(.*?)\s*$", re.MULTILINE)
_TERM = re.compile(rf"[^\W{HAN}]+|[{HAN}]")
_MOST_VALUES, _MOST_MENTIONS, _MOST_FIELDS = 12, 8, 20
_OWN = {"task", "disagreement"}  # fields of an example that have columns of their own


@dataclass(frozen=True)
class Origin:
    """What is known of a document: its source, and how often two of its annotators differed (None: not annotated)."""

    source: str
    disagreement: float | None


def origin(document: Document) -> Origin:
    """Return what is known of a document."""
    return Origin(document.source, (document.fields.get("gold") or {}).get("disagreement"))


@dataclass(frozen=True)
class Described:
    """All that columns are made of; what is not known is None.

    Attributes:
        text: of an item or a document.
        answer: the reference answer.
        source: the source of its document.
        truncated: which part of the answer was cut, ``no`` for none.
        fields: of the example or document.
        disagreement: the annotators', in [0, 1].
    """

    text: str
    answer: str | None = None
    source: str | None = None
    truncated: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    disagreement: float | None = None

    @property
    def named(self) -> dict[str, str]:
        """The values of its fields: those of its record, then those that stand in lines of the text."""
        simple = {key: value for key, value in self.fields.items() if isinstance(value, str | bool | int)}
        record = {key: str(value).strip() for key, value in simple.items() if key not in _OWN}
        return record | {key.strip(): value for key, value in _FIELD.findall(self.text)}


@dataclass(frozen=True)
class Features:
    """Columns that were learnt on some items. ``learn`` makes them.

    Attributes:
        of: by column, what it makes of an item; None where that is not known of it.
    """

    of: Mapping[str, Callable[[Described], str | None]]

    def columns(self, item: Described) -> dict[str, str | None]:
        """Return the values of an item by column."""
        return {name: value(item) for name, value in self.of.items()}


def learn(items: Sequence[Described], train: Iterable[str], against: Sequence[str], least: int) -> Features:
    """Return the columns of some items that tell them apart.

    Args:
        items: one half of the held-out items.
        train: texts that the model was trained on, for what counts as a rare word.
        against: the segments that spoke most for wrong answers, of these items.
        least: items that a value must have; rarer ones are one value together.
    """
    seen = {term for text in train for term in _terms(text)}
    found: dict[str, Callable[[Described], str | None]] = {
        "task": _frequent(lambda item: _text(item.fields.get("task")), items, least),
        "class": _frequent(lambda item: item.answer, items, least),
        "source": _frequent(lambda item: item.source, items, least),
    }
    common = Counter(name for item in items for name in item.named)
    for name, count in common.most_common(_MOST_FIELDS):
        if count >= least:
            found[f"field {name}"] = _field(name, items, least)
    for text, _ in Counter(filter(None, map(_plain, against))).most_common(_MOST_MENTIONS):
        found[f"mentions {text!r}"] = _mentions(text)
    found |= {
        "negation": lambda item: "yes" if scopes(item.text, fold(item.text)).starts else "no",
        "truncated": lambda item: item.truncated,
        "disagreement": lambda item: None if item.disagreement is None else "yes" if item.disagreement else "no",
        "length": _thirds(lambda item: float(len(item.text)), items, ("short", "middle", "long")),
        "rare words": _thirds(lambda item: _rarity(item.text, seen), items, ("few", "some", "many")),
    }
    return Features(_telling(found, items, least))


def _telling(
    found: Mapping[str, Callable[[Described], str | None]], items: Sequence[Described], least: int
) -> dict[str, Callable[[Described], str | None]]:
    """Return the columns with two values that have enough items, none of which divides the items as one before it."""
    kept: dict[tuple[int, ...], str] = {}
    for name, value in found.items():
        values = [value(item) for item in items]
        if sum(count >= least for count in Counter(values).values()) > 1:
            numbers = {one: place for place, one in enumerate(dict.fromkeys(values))}
            kept.setdefault(tuple(numbers[one] for one in values), name)
    return {name: found[name] for name in kept.values()}


def _frequent(
    value: Callable[[Described], str | None], items: Sequence[Described], least: int
) -> Callable[[Described], str | None]:
    """Return a column of the values that are frequent; the others are one value."""
    counts = Counter(one for item in items if (one := value(item)) is not None)
    common = {one for one, count in counts.most_common(_MOST_VALUES) if count >= least}

    def of(item: Described) -> str | None:
        one = value(item)
        return one if one is None or one in common else OTHER

    return of


def _field(name: str, items: Sequence[Described], least: int) -> Callable[[Described], str | None]:
    """Return a column of a field's values, or of whether it has one where there are many."""

    def value(item: Described) -> str:
        return item.named.get(name, "") or NONE

    if len({value(item) for item in items}) <= 2 * _MOST_VALUES:
        return _frequent(value, items, least)
    return lambda item: NONE if value(item) == NONE else "(filled)"


def _thirds(
    value: Callable[[Described], float], items: Sequence[Described], names: tuple[str, str, str]
) -> Callable[[Described], str]:
    low, high = np.quantile([value(item) for item in items] or [0.0], [1 / 3, 2 / 3]).tolist()

    def of(item: Described) -> str:
        return names[(value(item) > low) + (value(item) > high)]

    return of


def _mentions(text: str) -> Callable[[Described], str]:
    return lambda item: "yes" if text in _plain(item.text) else "no"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,;，。；、")


def _rarity(text: str, seen: set[str]) -> float:
    """Return the share of a text's words (or pairs of ideographs) that no training example holds."""
    terms = _terms(text)
    return sum(term not in seen for term in terms) / len(terms) if terms else 0.0


def _terms(text: str) -> list[str]:
    found = _TERM.findall(text.casefold())
    pairs = [a + b for a, b in pairwise(found) if re.match(f"[{HAN}]{{2}}", a + b)]
    return [one for one in found if not re.match(f"[{HAN}]", one)] + pairs


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
