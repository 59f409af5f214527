"""Base against tuned: predictions, metrics with intervals, comparisons, baseline."""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from r1tailor import store
from r1tailor.domain import Domain
from r1tailor.errors import CheckpointError
from r1tailor.evaluation.market.decisions import evenly
from r1tailor.evaluation.metrics import ItemMetric, by_metric, measure
from r1tailor.evaluation.significance import compare, interval
from r1tailor.inference.generate import predict
from r1tailor.model import load
from r1tailor.planning.precision import COMPUTE, trained_with
from r1tailor.records import Example, Prediction, write_records
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_tuned
from r1tailor.training.memory import keep_freed_memory

# A fair look at a base model that answers in prose: its best guess over the closed set against the tuned
# model's free answer.
_CROSS = tuple(
    (f"{name}_accuracy", f"{name}_accuracy_ranked")
    for name in ("chapter", "label", "act", "law", "department", "trend", "volatility", "risk", "allocation")
)


def evaluate(
    settings: Settings, domain: Domain, parts: Mapping[str, Sequence[Example]], root: Path, model: Path, folder: Path
) -> dict[str, Any]:
    """Measure base and tuned model on the same held-out items; write predictions and ``metrics.json``.

    Args:
        settings: the composition.
        domain: scores the answers.
        parts: examples of ``train`` (for the baseline) and ``test``.
        root: the project's root.
        model: what training saved.
        folder: where to write.

    Raises:
        CheckpointError: the saved model is damaged.
    """
    wrong = store.damage(model)
    if wrong:
        raise CheckpointError(f"{model}: {wrong}")
    keep_freed_memory()
    items = held_out(settings, parts["test"])
    folder.mkdir(parents=True, exist_ok=True)
    predictions = {}
    for name in ("base", "tuned"):
        predictions[name] = _predictions(name, settings, domain, items, root, model)
        write_records(folder / f"predictions-{name}.jsonl", _scored(domain, items, predictions[name]))
    metrics = summarise(settings, domain, parts["train"], items, predictions)
    store.write_json(folder / "metrics.json", metrics)
    return metrics


def held_out(settings: Settings, test: Sequence[Example]) -> list[Example]:
    """Return the items that base and tuned model both answer: a fair sample of the test.

    A part keeps a random order, so that its first items are one. Of a split by time they are as many of each task,
    at equal distances from the first date to the last.
    """
    most = settings.evaluation.max_items
    if settings.domain.split.by != "time":
        return list(test[:most])
    tasks: dict[str, list[Example]] = {}
    for example in sorted(test, key=lambda example: (example.available_at, example.id)):
        tasks.setdefault(example.fields.get("task", ""), []).append(example)
    shares = [len(part) for part in np.array_split(np.arange(min(most, len(test))), len(tasks))] if tasks else []
    return [item for items, share in zip(tasks.values(), shares, strict=True) for item in evenly(items, share)]


def summarise(
    settings: Settings,
    domain: Domain,
    train: Sequence[Example],
    items: Sequence[Example],
    predictions: Mapping[str, Sequence[Prediction]],
) -> dict[str, Any]:
    """Return the metrics of base, tuned and majority baseline, and the paired comparisons."""
    language = settings.domain.language
    measured = {name: measure(domain, items, made, language) for name, made in predictions.items()}
    measured["majority"] = _majority(domain, train, items)
    options = (settings.evaluation.resamples, settings.evaluation.confidence, settings.seed)
    base, tuned = measured["base"], measured["tuned"]
    comparisons = {name: compare(base[name], tuned[name], *options).as_dict() for name in base}
    for free, ranked in _CROSS:
        if free in tuned and ranked in base:
            comparisons[f"{free}_against_base_ranked"] = compare(base[ranked], tuned[free], *options).as_dict()
    return {
        "n": len(items),
        "confidence": settings.evaluation.confidence,
        "models": {
            model: {name: interval(metric, *options).as_dict() for name, metric in metrics.items()}
            for model, metrics in measured.items()
        },
        "comparisons": comparisons,
    }


def _scored(domain: Domain, items: Sequence[Example], predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions with their scores, so that versions can be compared without the domain's documents."""
    return [replace(made, scores=domain.score(item, made)) for item, made in zip(items, predictions, strict=True)]


def _majority(domain: Domain, train: Sequence[Example], items: Sequence[Example]) -> dict[str, ItemMetric]:
    """Return what always giving the most frequent training answer scores."""
    answer = domain.majority_answer(train)
    scores = [domain.score(item, Prediction(item.id, answer, 0.0, 1, "")) for item in items]
    fair = [metric for metric in domain.metrics if metric.constant_answer]
    return by_metric(fair, scores)


def _predictions(
    name: str, settings: Settings, domain: Domain, items: Sequence[Example], root: Path, model: Path
) -> list[Prediction]:
    tokenizer = load.load_tokenizer(settings.model, root)
    loaded = load_either(name, settings, root, model)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    ) as bar:
        task = bar.add_task(f"evaluating {name} (likelihood, ranking, generation)", total=3 * len(items))
        result = predict(
            loaded,
            tokenizer,
            items,
            [domain.labels_of(item) for item in items],
            settings.evaluation,
            settings.trainer.micro_batch_tokens,
            settings.model.context_length,
            lambda done: bar.advance(task, done),
        )
    del loaded
    gc.collect()
    return result


def load_either(name: str, settings: Settings, root: Path, model: Path) -> nn.Module:
    """Return ``base`` or ``tuned`` in evaluation mode; both run in the dtype that the tuned one was trained in."""
    dtype = COMPUTE[trained_with(model)]
    base = load.load_model(settings.model, root, dtype, settings.seed)
    chosen = base if name == "base" else load_tuned(base, model)
    return chosen.to(dtype).eval()
