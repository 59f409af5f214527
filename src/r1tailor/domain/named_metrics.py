"""Metrics that any domain measures because its task names them (``schema/metrics.py``); no code of one's own.

Each scores one answer against its reference. Both are read in the same way (``answers.py``), and an item of which a
metric says nothing, as ``coverage`` of one without entities, has no score. ``chrf`` and ``macro_f1`` are computed over
all items at once (``evaluation/corpus_metrics.py``).
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.domain.answers import (
    folded,
    items_in,
    json_in,
    label_in,
    letter_in,
    normalised,
    number_in,
    place_of,
)
from r1tailor.domain.declaration import ScoredMetric
from r1tailor.domain.tool_calls import Call, calls_in
from r1tailor.schema.metrics import (
    ContainsMetric,
    JsonMetric,
    ListMetric,
    NamedMetric,
    NumberMetric,
    RegexMetric,
)


@dataclass(frozen=True)
class Answered:
    """One answer and what it is held against.

    Attributes:
        reference: the reference answer, without reasoning.
        answer: the model's, without reasoning.
        labels: the closed set; empty without one.
        entities: terms that an answer must mention.
        calls: of tools, by the reference.
    """

    reference: str
    answer: str
    labels: Sequence[str] = ()
    entities: Sequence[str] = ()
    calls: Sequence[Call] = ()


Scorer = Callable[[Any, Answered], float | None]


def _exact(_: NamedMetric, item: Answered) -> float:
    return float(folded(item.answer) == folded(item.reference))


def _normalised(_: NamedMetric, item: Answered) -> float:
    return float(normalised(item.answer) == normalised(item.reference))


def _label(_: NamedMetric, item: Answered) -> float | None:
    wanted = label_in(item.reference, item.labels)
    return float(label_in(item.answer, item.labels) == wanted) if wanted else None


def _letter(_: NamedMetric, item: Answered) -> float | None:
    wanted = letter_in(item.reference)
    return float(letter_in(item.answer) == wanted) if wanted else None


def _number(metric: NumberMetric, item: Answered) -> float | None:
    wanted, given = number_in(item.reference), number_in(item.answer)
    if wanted is None:
        return None
    return float(given is not None and math.isclose(given, wanted, rel_tol=metric.relative, abs_tol=metric.tolerance))


def _list(metric: ListMetric, item: Answered) -> float | None:
    wanted, given = (items_in(text, metric.separators) for text in (item.reference, item.answer))
    return precision_recall_f1(len(wanted & given), len(given), len(wanted))[2] if wanted else None


def precision_recall_f1(right: int, given: int, wanted: int) -> tuple[float, float, float]:
    """Return how well a set is met, from the number of entries that are right, given and wanted; 0.0 without any.

    >>> precision_recall_f1(1, 2, 4)
    (0.5, 0.25, 0.3333333333333333)
    """
    return right / given if given else 0.0, right / wanted if wanted else 0.0, 2 * right / max(given + wanted, 1)


def _json(metric: JsonMetric, item: Answered) -> float | None:
    wanted, given = json_in(item.reference), json_in(item.answer)
    names = [name for name in metric.fields or wanted or () if name in (wanted or {})]
    if not names:
        return None
    assert wanted is not None
    return sum(name in (given or {}) and _alike(wanted[name], (given or {})[name]) for name in names) / len(names)


def _alike(wanted: Any, given: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if isinstance(wanted, str) and isinstance(given, str):
        return folded(wanted) == folded(given)
    return bool(wanted == given) and isinstance(wanted, bool) == isinstance(given, bool)


def _contains(metric: ContainsMetric, item: Answered) -> float:
    return float(place_of(folded(metric.text or item.reference), folded(item.answer)) >= 0)


def _regex(metric: RegexMetric, item: Answered) -> float | None:
    pattern = re.compile(metric.pattern)
    if not pattern.groups:
        return float(pattern.search(item.answer) is not None)
    wanted, given = (_last(pattern, text) for text in (item.reference, item.answer))
    return None if wanted is None else float(given == wanted)


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = [match.group(1) for match in pattern.finditer(text) if match.group(1) is not None]
    return folded(found[-1]) if found else None


def _rouge_l(_: NamedMetric, item: Answered) -> float:
    from r1tailor.corpus.shingles import words

    return rouge_l(words(item.reference), words(item.answer))


def rouge_l(reference: Sequence[str], answer: Sequence[str]) -> float:
    """Return F1 of the longest common subsequence of words (Lin 2004, with beta = 1); 0.0 where one has no word."""
    before = [0] * (len(answer) + 1)
    for word in reference:
        row = [0]
        for place, other in enumerate(answer):
            row.append(before[place] + 1 if word == other else max(before[place + 1], row[-1]))
        before = row
    return 2 * before[-1] / (len(reference) + len(answer)) if before[-1] else 0.0


def _coverage(_: NamedMetric, item: Answered) -> float | None:
    return covered(item.entities, item.answer) if item.entities else None


def covered(entities: Sequence[str], answer: str) -> float:
    """Return the share of some entities (at least one) that an answer mentions as whole words, ignoring case."""
    asked = folded(answer)
    return sum(place_of(folded(entity), asked) >= 0 for entity in entities) / len(entities)


def _tool_calls(_: NamedMetric, item: Answered) -> float | None:
    return float(sorted(calls_in(item.answer)) == sorted(item.calls)) if item.calls else None


def _tool_names(_: NamedMetric, item: Answered) -> float | None:
    wanted, given = (sorted(name for name, _ in calls) for calls in (item.calls, calls_in(item.answer)))
    return float(wanted == given) if item.calls else None


def _length(_: NamedMetric, item: Answered) -> float:
    from r1tailor.corpus.shingles import words

    return float(len(words(item.answer)))


_SCORERS: dict[str, tuple[Scorer, ScoredMetric]] = {
    metric.name: (scorer, metric)
    for scorer, metric in (
        (
            _exact,
            ScoredMetric(
                "exact", "proportion", True, description="Answers that equal the reference, case and white space aside."
            ),
        ),
        (
            _normalised,
            ScoredMetric(
                "normalised",
                "proportion",
                True,
                description="The same, also without punctuation and the articles a, an, the.",
            ),
        ),
        (
            _label,
            ScoredMetric(
                "label_accuracy",
                "proportion",
                True,
                description="Answers whose first label, as whole words, is the reference's.",
            ),
        ),
        (
            _letter,
            ScoredMetric(
                "choice_letter", "proportion", True, description="Answers that take the reference's letter (A, B, ...)."
            ),
        ),
        (
            _number,
            ScoredMetric(
                "number",
                "proportion",
                True,
                description="Answers whose last number is the reference's, within `tolerance` or `relative`.",
            ),
        ),
        (_list, ScoredMetric("list_f1", "mean", True, description="F1 of the entries of a list, in any order.")),
        (
            _json,
            ScoredMetric(
                "json_fields",
                "mean",
                True,
                description="Share of the reference's JSON fields that the answer has with the same value.",
            ),
        ),
        (
            _contains,
            ScoredMetric(
                "contains",
                "proportion",
                True,
                description="Answers that contain the reference (or `text`) as whole words.",
            ),
        ),
        (
            _regex,
            ScoredMetric(
                "regex",
                "proportion",
                True,
                description="Answers in which `pattern` is found; with a group, those whose group is the reference's.",
            ),
        ),
        (
            _rouge_l,
            ScoredMetric("rouge_l", "mean", True, description="F1 of the longest common subsequence of words."),
        ),
        (
            _coverage,
            ScoredMetric(
                "coverage",
                "mean",
                description="Share of the item's `entities` that the answer mentions as whole words.",
            ),
        ),
        (
            _tool_calls,
            ScoredMetric(
                "tool_calls",
                "proportion",
                description="Answers that call the reference's tools with the same arguments, compared as JSON.",
            ),
        ),
        (
            _tool_names,
            ScoredMetric(
                "tool_names", "proportion", description="The same, whatever the arguments are: the right tools."
            ),
        ),
        (_length, ScoredMetric("length", "mean", description="Words of the answer; a Chinese character is one.")),
    )
}
OF_CALLS = ("tool_calls", "tool_names")  # measured without being named where references call tools
OVER_ALL = (
    ScoredMetric("macro_f1", "corpus", description="F1 of each label, averaged over those that occur; in [0, 1]."),
    ScoredMetric("chrf", "corpus", description="F2 of character 1- to 6-grams (sacrebleu's chrF2), in [0, 100]."),
)
NAMED = (*(metric for _, metric in _SCORERS.values()), *OVER_ALL)


def score(metrics: Sequence[NamedMetric], item: Answered) -> dict[str, float]:
    """Return the score of one answer by each metric that says something of it: of calls alone, those of calls."""
    silent = item.calls and not item.reference
    said = [metric for metric in metrics if metric.name in (OF_CALLS if silent else _SCORERS)]
    found = {metric.key: _SCORERS[metric.name][0](metric, item) for metric in said}
    return {name: value for name, value in found.items() if value is not None}
