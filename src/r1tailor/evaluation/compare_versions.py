"""Two evaluated subjects (versions or runs): settings that differ, goals, metrics paired on the same held-out items."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.domain import is_text
from r1tailor.errors import UserError
from r1tailor.evaluation import reasoning
from r1tailor.evaluation.conversations import clustered
from r1tailor.evaluation.corpus_metrics import chrf, paired_macro_f1
from r1tailor.evaluation.evaluated_files import EvaluatedFiles
from r1tailor.evaluation.metrics import Bleu, ItemMetric, Mean, Proportion, perplexities, texts_of
from r1tailor.evaluation.samples import flat
from r1tailor.evaluation.significance import compare
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import ATTACKED, Verdict, verdicts
from r1tailor.schema.domain import Goal

ABSENT = "(absent)"
_NOT_COMPARED = ("output", "resume")  # where and how a run was started
Pair = tuple[Example, Prediction, Prediction]
Measured = tuple[ItemMetric, ItemMetric, Sequence[Example]]  # of both, and the items that it says something of


@dataclass(frozen=True)
class Evaluated:
    """One subject as it was evaluated.

    Attributes:
        files: where it lies.
        settings: its composition, as plain values.
        metrics: the content of ``evaluation/metrics.json``.
        goals: the verdicts on its own goals.
        predictions: of the tuned model, by item; empty if there are none.
        examples: the held-out examples, by item.
    """

    files: EvaluatedFiles
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    goals: Sequence[Verdict]
    predictions: Mapping[str, Prediction]
    examples: Mapping[str, Example]


@dataclass(frozen=True)
class Row:
    """One metric of both subjects.

    Attributes:
        metric: its name.
        a: value of the first, on the paired items where it is paired.
        b: value of the second.
        n: on how many items both were measured; None where it is not paired.
        difference: B - A with ``low`` and ``high``, and ``p`` (two-sided); None where it is not paired.
    """

    metric: str
    a: float | None
    b: float | None
    n: int | None = None
    difference: Mapping[str, float | None] | None = None


@dataclass(frozen=True)
class Compared:
    """What is reported of two subjects.

    Attributes:
        a: the first.
        b: the second.
        settings: (key, value of A, value of B) of each setting that differs.
        rows: the metrics.
        items: on how many held-out items both have predictions.
        confidence: of the intervals.
        why_not: why metrics are not paired, in words; empty if all are.
    """

    a: Evaluated
    b: Evaluated
    settings: list[tuple[str, str, str]]
    rows: list[Row]
    items: int
    confidence: float
    why_not: str


def evaluated(files: EvaluatedFiles) -> Evaluated:
    """Read what was evaluated.

    Raises:
        UserError: a file is damaged.
    """
    composition, measured = files.path("config.yaml"), files.path("evaluation/metrics.json")
    assert composition is not None
    assert measured is not None
    settings, metrics = config.plain_values(composition), store.read_json(measured)
    _refuse_partial(settings, composition)
    made, test = files.path("evaluation/predictions-tuned.jsonl"), files.path("data/test.jsonl")
    rates = files.path(ATTACKED)
    attacked = store.read_json(rates) if rates else None
    return Evaluated(
        files,
        settings,
        metrics,
        verdicts([Goal.model_construct(**goal) for goal in settings["domain"]["goals"]], metrics, attacked),
        {one.id: one for one in read_predictions(made)} if made else {},
        {one.id: one for one in read_examples(test)} if test else {},
    )


def _refuse_partial(settings: Mapping[str, Any], file: Path) -> None:
    """Refuse a composition without what a comparison needs to know."""
    needed = ("domain.goals", "domain.language", "evaluation.resamples", "evaluation.confidence", "seed")
    for key in needed:
        value: Any = settings
        for name in key.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            raise UserError(f"{file}: {key} is missing: it is no composition of a finished run")


def compared(a: Evaluated, b: Evaluated) -> Compared:
    """Return the comparison of two subjects; intervals are computed with the settings of the first."""
    pairs = _pairs(a, b)
    options = (a.settings["evaluation"]["resamples"], a.settings["evaluation"]["confidence"], a.settings["seed"])
    rows = _paired(pairs, a, b, options) if pairs else []
    done = {row.metric for row in rows}
    values = [{n: e["value"] for n, e in one.metrics["models"]["tuned"].items()} for one in (a, b)]
    alone = [Row(n, values[0].get(n), values[1].get(n)) for n in values[0] | values[1] if n not in done]
    why = _why_not(a, b, pairs, [row.metric for row in alone])
    return Compared(a, b, differing(a.settings, b.settings), rows + alone, len(pairs), options[1], why)


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (key, value in a, value in b) of each setting that differs, in the order of the compositions."""
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    keys = [key for key in flat_a | flat_b if key not in _NOT_COMPARED]
    return [
        (key, flat_a.get(key, ABSENT), flat_b.get(key, ABSENT)) for key in keys if flat_a.get(key) != flat_b.get(key)
    ]


def _flat(values: Any, key: str = "") -> list[tuple[str, str]]:  # noqa: ANN401
    """Return (dotted key, value as text) of each value that is no mapping or list of mappings."""
    if isinstance(values, Mapping) and values:
        return [
            found for name, value in values.items() for found in _flat(value, f"{key}.{name}" if key else str(name))
        ]
    if isinstance(values, list) and any(isinstance(value, Mapping) for value in values):
        return [found for number, value in enumerate(values) for found in _flat(value, f"{key}.{number}")]
    return [(key, "null" if values is None else str(values))]


def _pairs(a: Evaluated, b: Evaluated) -> list[Pair]:
    """Return the items that both answered: the same id, input and reference answer."""
    shared = [name for name in a.predictions if name in b.predictions and name in a.examples and name in b.examples]
    return [
        (a.examples[name], a.predictions[name], b.predictions[name])
        for name in shared
        if (a.examples[name].asked, a.examples[name].output) == (b.examples[name].asked, b.examples[name].output)
    ]


def _paired(pairs: Sequence[Pair], a: Evaluated, b: Evaluated, options: tuple[int, float, int]) -> list[Row]:
    """Return the metrics that the predictions of both allow, each on the items that it says something of in both."""
    metrics = _perplexities(pairs)
    if not all(is_text(example) for example, _, _ in pairs):
        metrics["bleu"] = _bleu(pairs, a.settings["domain"]["language"])
    metrics |= {name: _scored(pairs, name) for name in _names(pairs)} | _over_all(pairs, a, b)
    metrics |= _thinking(pairs)
    return [_row(name, *measured, options) for name, measured in metrics.items()]


def _row(name: str, a: ItemMetric, b: ItemMetric, items: Sequence[Example], options: tuple[int, float, int]) -> Row:
    """Return a metric of both; items of one conversation are drawn together."""
    own, other = (clustered({name: metric}, items)[name] for metric in (a, b))
    return Row(name, a.value, b.value, len(items), compare(own, other, *options).as_dict())


def _thinking(pairs: Sequence[Pair]) -> dict[str, Measured]:
    """Return how both reason; nothing where neither has a block of reasoning."""
    found = reasoning.measured(dict(zip("ab", _predictions(pairs), strict=True)))
    return {name: (found["a"][name], found["b"][name], _items(pairs)) for name in found["a"]}


def _perplexities(pairs: Sequence[Pair]) -> dict[str, Measured]:
    items = _items(pairs)
    a, b = (perplexities(items, predictions) for predictions in _predictions(pairs))
    return {name: (a[name], b[name], items) for name in a if name in b}


def _bleu(pairs: Sequence[Pair], language: str) -> Measured:
    a, b, items = Bleu(language), Bleu(language), _items(pairs)
    for metric, predictions in zip((a, b), _predictions(pairs), strict=True):
        asked, answers, each = flat(items, predictions)
        metric.update(*texts_of(asked, answers))
        metric.cluster_each(each)
    return a, b, items


def _over_all(pairs: Sequence[Pair], a: Evaluated, b: Evaluated) -> dict[str, Measured]:
    """Return chrF and macro-F1, each where both evaluations measured it under the same name, over the same labels."""
    items, (of_a, of_b) = _items(pairs), _predictions(pairs)
    tasks = [one.settings["domain"]["task"] for one in (a, b)]
    labels, others = (task.get("labels") or () for task in tasks)
    measured: dict[str, Measured] = {"chrf": (chrf(items, of_a), chrf(items, of_b), items)}
    if labels and labels == others:
        one, other = (paired_macro_f1(labels, items, made) for made in (of_a, of_b))
        measured["macro_f1"] = (one, other, items)
    shared = a.metrics["models"]["tuned"].keys() & b.metrics["models"]["tuned"].keys()
    called = {metric: {_called(metric, task) for task in tasks} for metric in measured}
    return {name: measured[metric] for metric, names in called.items() for name in names & shared if len(names) == 1}


def _called(metric: str, task: Mapping[str, Any]) -> str:
    """Return what a metric is called in the results of a task."""
    named = [entry for entry in task.get("metrics") or () if entry["name"] == metric]
    return str(named[0].get("called") or metric) if named else metric


def _items(pairs: Sequence[Pair]) -> list[Example]:
    return [example for example, _, _ in pairs]


def _predictions(pairs: Sequence[Pair]) -> tuple[list[Prediction], list[Prediction]]:
    return [a for _, a, _ in pairs], [b for _, _, b in pairs]


def _names(pairs: Sequence[Pair]) -> list[str]:
    """Return the domain's metrics that some item has a score of in both."""
    return list(dict.fromkeys(name for _, a, b in pairs for name in a.scores if name in b.scores))


def _scored(pairs: Sequence[Pair], name: str) -> Measured:
    """Return a domain's metric; where every score is 0 or 1 it is a proportion, and McNemar's test holds."""
    scored = [pair for pair in pairs if name in pair[1].scores and name in pair[2].scores]
    scores = [(a.scores[name], b.scores[name]) for _, a, b in scored]
    kind = Proportion if all(score in (0.0, 1.0) for pair in scores for score in pair) else Mean
    a, b = kind(), kind()
    a.update([first for first, _ in scores])
    b.update([second for _, second in scores])
    return a, b, _items(scored)


def _why_not(a: Evaluated, b: Evaluated, pairs: Sequence[Pair], alone: Sequence[str]) -> str:
    """Return why some or all metrics are not paired; empty if all are."""
    for one in (a, b):
        if not one.predictions or not one.examples:
            return f"{one.files.name} holds no predictions or no test examples; its metrics stand as they were measured"
    if not pairs:
        return "no held-out item is the same in both (id, input and reference answer); metrics are not paired"
    if not alone:
        return ""
    unscored = [one.files.name for one in (a, b) if not any(made.scores for made in one.predictions.values())]
    if unscored:
        return (
            f"the predictions of {' and '.join(unscored)} hold no scores per item (evaluated by an earlier release): "
            f"evaluate again to pair {', '.join(alone)}"
        )
    return f"measured in one of the two only, or not per item: {', '.join(alone)}"


def as_json(found: Compared) -> dict[str, Any]:
    """Return plain values for scripts; what is not finite is null."""

    def number(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    def subject(one: Evaluated) -> dict[str, Any]:
        goals = [{"goal": str(verdict), "met": verdict.met} for verdict in one.goals]
        return {"name": one.files.name, "meaning": one.files.meaning, "items": one.metrics.get("n"), "goals": goals}

    return {
        "a": subject(found.a),
        "b": subject(found.b),
        "settings": [{"key": key, "a": a, "b": b} for key, a, b in found.settings],
        "paired_items": found.items,
        "not_paired": found.why_not or None,
        "confidence": found.confidence,
        "metrics": [
            {
                "metric": row.metric,
                "a": number(row.a),
                "b": number(row.b),
                "n": row.n,
                **{
                    key: number(row.difference[key]) if row.difference else None
                    for key in ("difference", "low", "high", "p")
                },
            }
            for row in found.rows
        ],
    }
