"""The data card: what a model's examples are, in numbers by which it can be judged later.

Everything is plain JSON for ``instruct/report.json``. Lengths are in characters, as no tokenizer is known yet; training
reports them in tokens in its ``metrics.json``.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from r1tailor.instruction.reasoning import meaning
from r1tailor.records import Document, Example
from r1tailor.schema.domain import Reasoning

_FEWEST = 10  # examples of a class; with fewer, neither training on it nor a score of it means much
_FIELDS = ("input", "output", "reasoning")


def card(
    parts: Mapping[str, Sequence[Example]],
    documents: Iterable[Document],
    labels: Sequence[str],
    reasoning: Reasoning = "refuse",
) -> dict[str, Any]:
    """Return the data card.

    Args:
        parts: examples by part.
        documents: the clean documents from which the examples were made.
        labels: the closed set of answers (or of their beginnings); empty without one.
        reasoning: what examples with and without reasoning teach (``task.reasoning``).
    """
    every = [example for members in parts.values() for example in members]
    train = parts.get("train", ())
    reasoned = sum(bool(example.reasoning) for example in train)
    told = _conversations(every)
    return {
        "examples": {part: len(members) for part, members in parts.items()},
        "labels": list(labels),
        "groups": len({example.group for example in every if example.group}),
        "with_reasoning": sum(bool(example.reasoning) for example in every),
        "reasoning": {
            "setting": reasoning,
            "share_of_train": round(reasoned / max(len(train), 1), 4),
            "means": meaning(reasoning, reasoned, len(train)),
        },
        "classes": {part: balance(members, labels) for part, members in parts.items()} if labels else None,
        "characters": {field: statistics(len(getattr(e, field)) for e in every) for field in _FIELDS},
        "available_at": _range(example.available_at for example in every),
        "sources": _sources(documents),
        **({"conversations": told} if told else {}),
    }


def _conversations(examples: Sequence[Example]) -> dict[str, Any]:
    """Return how many examples follow earlier turns, of how many conversations; nothing where none does."""
    turned = [example for example in examples if example.turns or example.conversation]
    numbers = Counter(example.fields.get("turn", 1) for example in turned)
    return (
        {
            "conversations": len({example.conversation or example.id for example in turned}),
            "examples": len(turned),
            "calling_tools": sum(bool(example.tool_calls) for example in turned),
            "by_turn": {str(number): numbers[number] for number in sorted(numbers)},
        }
        if turned
        else {}
    )


def balance(examples: Sequence[Example], labels: Sequence[str]) -> dict[str, Any]:
    """Return how evenly examples are spread over a closed set of classes.

    ``entropy`` is Shannon's over the classes, divided by its maximum: 1.0 if all classes are equally frequent, 0.0 if
    there is only one. ``below_minimum`` counts the classes with fewer than 10 examples.
    """
    longest_first = sorted(labels, key=len, reverse=True)
    counts = Counter(next((label for label in longest_first if e.output.startswith(label)), "") for e in examples)
    outside, total = counts.pop("", 0), counts.total()
    shares = [count / total for count in counts.values()]
    entropy = -sum(share * math.log(share) for share in shares)
    return {
        "classes": len(labels),
        "outside": outside,
        "entropy": round(entropy / math.log(len(labels)), 4) if len(labels) > 1 else 0.0,
        "majority_share": round(max(shares, default=0.0), 4),
        "below_minimum": sum(counts[label] < _FEWEST for label in labels),
        "counts": dict(counts.most_common()),
    }


def statistics(lengths: Iterable[int]) -> dict[str, float]:
    """Return mean, quantiles and extremes; empty texts are left out, and a field that is always empty has none."""
    filled = [length for length in lengths if length]
    if not filled:
        return {"texts": 0}
    median, high = np.quantile(filled, [0.5, 0.95]).tolist()
    mean = round(float(np.mean(filled)), 1)
    return {"texts": len(filled), "min": min(filled), "mean": mean, "median": median, "p95": high, "max": max(filled)}


def _range(dates: Iterable[str]) -> dict[str, Any]:
    known = list(dates)
    dated = sorted(date for date in known if date)
    return (
        {"first": dated[0], "last": dated[-1], "undated": len(known) - len(dated)} if dated else {"undated": len(known)}
    )


def _sources(documents: Iterable[Document]) -> list[dict[str, Any]]:
    counts = Counter((document.source, document.licence) for document in documents)
    return [{"name": name, "licence": licence, "documents": n} for (name, licence), n in counts.items()]
