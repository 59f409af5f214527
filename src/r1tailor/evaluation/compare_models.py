"""Any number of models on the same held-out items: predictions, metrics with intervals, comparisons, baselines."""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from r1tailor import artifact, store
from r1tailor.artifact import Artifact
from r1tailor.domain import Domain, is_text
from r1tailor.evaluation import calibration, learnt, reasoning, scores, unsupported
from r1tailor.evaluation.conversations import by_turn, clustered, note
from r1tailor.evaluation.corpus_metrics import confusions, over_all, short_references
from r1tailor.evaluation.findings import findings, stopped
from r1tailor.evaluation.market.decisions import evenly
from r1tailor.evaluation.metrics import ItemMetric, measure
from r1tailor.evaluation.non_inferiority import verdict
from r1tailor.evaluation.per_class import per_class
from r1tailor.evaluation.plain_baselines import Baselines, baselines, told
from r1tailor.evaluation.samples import majority_scores
from r1tailor.evaluation.significance import compare, interval
from r1tailor.inference import Answerer, Sampling, open_artifact
from r1tailor.inference.kept_answerer import KeptAnswerer
from r1tailor.inference.local import LocalAnswerer, open_base
from r1tailor.inference.predict import predict
from r1tailor.model.origin import base_of
from r1tailor.record_files import write_records
from r1tailor.records import Example, Prediction
from r1tailor.schema.domain import UNSUPPORTED
from r1tailor.schema.settings import Settings
from r1tailor.training.memory import keep_freed_memory

BASE, TUNED = "base", "tuned"


@dataclass(frozen=True)
class Subject:
    """One of the models that are compared.

    Attributes:
        name: its key in ``metrics.json``, and in the name of its file of predictions.
        model: folder of the saved model; None for the base model.
        reference: name of the subject that it is compared with; empty for none.
    """

    name: str
    model: Path | None
    reference: str = ""


def base_and_tuned(model: Path) -> tuple[Subject, Subject]:
    """Return the two subjects of every evaluation: the base model, and what training saved."""
    return Subject(BASE, None), Subject(TUNED, model, reference=BASE)


def forms(settings: Settings, folder: Path) -> list[Subject]:
    """Return the tuned model's other forms as subjects, each compared with it."""
    return [Subject(form, folder / form, reference=TUNED) for form in settings.compression.forms]


def evaluate(
    settings: Settings,
    domain: Domain,
    parts: Mapping[str, Sequence[Example]],
    root: Path,
    subjects: Sequence[Subject],
    folder: Path,
) -> dict[str, Any]:
    """Measure every subject on the same held-out items; write predictions, scores per item and ``metrics.json``.

    Args:
        settings: the composition.
        domain: scores the answers.
        parts: examples of ``train`` (for the baselines) and ``test``.
        root: the project's root.
        subjects: ``base`` and ``tuned`` are among them.
        folder: where to write ``predictions-<name>.jsonl`` for each subject, ``scores.parquet`` and ``metrics.json``.

    Raises:
        CheckpointError: a saved model is damaged.
    """
    saved = {subject.name: artifact.read(subject.model) for subject in subjects if subject.model}
    keep_freed_memory()
    items = held_out(settings, parts["test"])
    folder.mkdir(parents=True, exist_ok=True)
    predictions = {}
    for subject in subjects:
        model = saved.get(subject.name)
        in_precision = (model or saved[TUNED]).precision  # the base model runs in that of the tuned one
        made = _predictions(subject.name, settings, domain, items, root, model, in_precision)
        predictions[subject.name] = _scored(domain, items, made)
        write_records(folder / f"predictions-{subject.name}.jsonl", predictions[subject.name])
    plain = _plain(settings, domain, parts["train"], items, predictions)
    _write_scores(folder / scores.FILE, items, predictions, plain)
    metrics = summarise(settings, domain, parts["train"], items, subjects, predictions, plain)
    for form in settings.compression.forms:
        metrics["compared"][form]["verdict"] = verdict(settings, metrics, form)
    store.write_json(folder / "metrics.json", metrics)
    return metrics


def compared_with(
    settings: Settings, domain: Domain, items: Sequence[Example], root: Path, subjects: Sequence[Subject]
) -> dict[str, Any]:
    """Return the metrics of subjects on given items, and the comparisons of those that have a reference.

    Raises:
        CheckpointError: a saved model is damaged.
    """
    saved = {subject.name: artifact.read(subject.model) for subject in subjects if subject.model}
    predictions = {
        name: _predictions(name, settings, domain, items, root, model, model.precision) for name, model in saved.items()
    }
    return _summary(settings, _measured(settings, domain, items, predictions), domain, subjects)


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
    subjects: Sequence[Subject],
    predictions: Mapping[str, Sequence[Prediction]],
    plain: Baselines | None = None,
) -> dict[str, Any]:
    """Return the metrics of each subject and of the plain baselines, the paired comparisons, verdicts and findings.

    ``comparisons`` are those of ``tuned``; those of other subjects stand in ``compared`` by name, with their reference.
    ``against_plain`` holds those of ``tuned`` with the best plain baseline by each metric. What is not defined is null.

    Args:
        settings: the composition.
        domain: scores the answers.
        train: examples that the plain baselines are made of.
        items: the held-out ones.
        subjects: ``tuned`` is among them, and ``base`` or another that it is compared with.
        predictions: by subject.
        plain: the baselines, where they are known already.
    """
    predictions = {name: _scored(domain, items, made) for name, made in predictions.items()}
    measured = _measured(settings, domain, items, predictions)
    plain = plain or _plain(settings, domain, train, items, predictions)
    columns = {name: clustered(made, items) for name, made in plain.measured.items()}
    found = _summary(settings, measured | columns, domain, subjects)
    against = _against(columns, measured[TUNED], settings)
    tuned = found["compared"].pop(TUNED)
    base, made = predictions.get(BASE), predictions[TUNED]
    speaks = findings(domain, items, base, made, list(measured[TUNED]), _values(columns))
    headline = learnt.headline(domain.metrics, settings.domain.goals, against)
    confidence = settings.evaluation.confidence
    curves = {name: calibration.curve(domain, items, made) for name, made in predictions.items()}
    remarks = {
        "constant_answer": plain.constant,
        "by_turn": _by_turn(settings, domain, items, predictions),
        "not_measured": [metric.name for metric in domain.metrics if metric.name not in measured[TUNED]],
        "against_plain": against,
        "verdicts": learnt.verdicts(headline, tuned["comparisons"], against, confidence, stopped(speaks)),
        "notes": [*_notes(settings, domain, items, predictions), *plain.notes],
        **_classes(domain, items, predictions),
        "calibration": {name: curve for name, curve in curves.items() if curve},
        "unsupported": {
            name: unsupported.counted(items, made)
            for name, made in predictions.items()
            if UNSUPPORTED in measured[name]
        },
    }
    return {
        "n": len(items),
        "confidence": confidence,
        "models": found["models"],
        "comparisons": tuned["comparisons"],
        **({"compared": found["compared"]} if found["compared"] else {}),
        "findings": speaks,
        **{name: remark for name, remark in remarks.items() if remark},
    }


def _plain(
    settings: Settings,
    domain: Domain,
    train: Sequence[Example],
    items: Sequence[Example],
    predictions: Mapping[str, Sequence[Prediction]],
) -> Baselines:
    each = len(predictions[TUNED][0].drawn) if items else 1
    plain = baselines(domain, train, items, settings.evaluation.plain_baselines, each)
    print(f"plain baselines: {', '.join(plain.measured) or 'none'}, in {plain.seconds:.1f} s")
    return plain


def _write_scores(
    file: Path, items: Sequence[Example], predictions: Mapping[str, Sequence[Prediction]], plain: Baselines
) -> None:
    """Write the scores of models and plain baselines on each item."""
    of_models = [row for name, made in predictions.items() for row in scores.of_model(name, made)]
    of_plain = [row for name, found in plain.scores.items() for row in scores.of_baseline(name, items, found)]
    scores.write(file, [*of_models, *of_plain])


def _classes(
    domain: Domain, items: Sequence[Example], predictions: Mapping[str, Sequence[Prediction]]
) -> dict[str, dict[str, Any]]:
    """Return the confusion matrix of each subject, and precision, recall and F1 of each class."""
    confused = {name: confusions(domain, items, made) for name, made in predictions.items()}
    known = {name: cells for name, cells in confused.items() if cells}
    return {"confusion": known, "per_class": {name: per_class(cells) for name, cells in known.items()}}


def _by_turn(
    settings: Settings, domain: Domain, items: Sequence[Example], predictions: Mapping[str, Sequence[Prediction]]
) -> list[dict[str, Any]]:
    options = (settings.evaluation.resamples, settings.evaluation.confidence, settings.seed)
    return by_turn(
        items,
        predictions,
        lambda some, made: _measured(settings, domain, some, made),
        lambda metric: interval(metric, *options).as_dict(),
    )


def _values(columns: Mapping[str, Mapping[str, ItemMetric]]) -> dict[str, dict[str, float]]:
    return {name: {metric: one.value for metric, one in made.items()} for name, made in columns.items()}


def _notes(
    settings: Settings, domain: Domain, items: Sequence[Example], predictions: Mapping[str, Sequence[Prediction]]
) -> list[str]:
    ranked, after = any(map(domain.labels_of, items)), settings.evaluation.rank_after
    lines = (short_references(items), note(items), *reasoning.notes(predictions, ranked=ranked, rank_after=after))
    return [line for line in lines if line]


def _measured(
    settings: Settings, domain: Domain, items: Sequence[Example], predictions: Mapping[str, Sequence[Prediction]]
) -> dict[str, dict[str, ItemMetric]]:
    language = settings.domain.language
    thinking = reasoning.measured(predictions)
    found = {
        name: measure(domain, items, made, language) | over_all(domain, items, made)
        for name, made in predictions.items()
    }
    if not all(map(is_text, items)):
        for name, made in predictions.items():
            found[name] |= {**calibration.measured(domain, items, made), **unsupported.measured(items, made)}
    return {name: clustered(one | thinking[name], items) for name, one in found.items()}


def _summary(
    settings: Settings, measured: Mapping[str, Mapping[str, ItemMetric]], domain: Domain, subjects: Sequence[Subject]
) -> dict[str, Any]:
    """Return the values with their intervals of all that was measured, and the comparisons by subject."""
    options = (settings.evaluation.resamples, settings.evaluation.confidence, settings.seed)
    return {
        "models": {
            model: {name: interval(metric, *options).as_dict() for name, metric in metrics.items()}
            for model, metrics in measured.items()
        },
        "compared": {
            one.name: {"reference": one.reference, "comparisons": _comparisons(domain, measured, one, options)}
            for one in subjects
            if one.reference
        },
    }


def _scored(domain: Domain, items: Sequence[Example], predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions with their scores, so that versions can be compared without the domain's documents."""
    return [
        made if made.scores else replace(made, scores=_scores(domain, item, made))
        for item, made in zip(items, predictions, strict=True)
    ]


def _scores(domain: Domain, item: Example, made: Prediction) -> dict[str, float]:
    """Return the mean scores of an item's answers, and those of the answer that most of them give."""
    each = [domain.scores(item, one) for one in made.drawn]
    names = dict.fromkeys(name for one in each for name in one)
    own = {name: fmean(one[name] for one in each if name in one) for name in names}
    more = {} if is_text(item) else {**unsupported.scores(item, made), **calibration.scores(domain, item, made)}
    return {**own, **majority_scores(domain, item, made), **more}


def _comparisons(
    domain: Domain, measured: Mapping[str, Mapping[str, ItemMetric]], subject: Subject, options: tuple[int, float, int]
) -> dict[str, Any]:
    """Return the paired differences of a subject to its reference."""
    reference, own = measured[subject.reference], measured[subject.name]
    both = [name for name in reference if name in own]
    found = {name: compare(reference[name], own[name], *options).as_dict() for name in both}
    for metric in domain.metrics:
        if metric.name in own and metric.ranked in reference:
            name = f"{metric.name}_against_{subject.reference}_ranked"
            found[name] = compare(reference[metric.ranked], own[metric.name], *options).as_dict()
    return found


def _against(
    plain: Mapping[str, Mapping[str, ItemMetric]], tuned: Mapping[str, ItemMetric], settings: Settings
) -> dict[str, dict[str, Any]]:
    """Return the paired differences of the tuned model to the best plain baseline by each metric, with its name."""
    options = (settings.evaluation.resamples, settings.evaluation.confidence, settings.seed)
    found = {}
    for name, metric in tuned.items():
        single = name.partition("_maj@")[0]  # a baseline's one answer is also that of its majority
        there = {baseline: metrics[single] for baseline, metrics in plain.items() if single in metrics}
        if there:
            best = max(there, key=lambda baseline: there[baseline].value)
            found[name] = {"baseline": told(best), **compare(there[best], metric, *options).as_dict()}
    return found


def opened(settings: Settings, root: Path, model: Artifact | None, in_precision: str) -> Answerer:
    """Return a subject; one that runs in this process is not asked again what it was asked before."""
    answerer: Answerer = open_artifact(model, settings, root) if model else open_base(settings, root, in_precision)
    if not isinstance(answerer, LocalAnswerer):
        return answerer
    return KeptAnswerer(answerer, model.sha256 if model else base_of(settings.model, root, settings.seed).sha256)


def _predictions(
    name: str,
    settings: Settings,
    domain: Domain,
    items: Sequence[Example],
    root: Path,
    model: Artifact | None,
    in_precision: str,
) -> list[Prediction]:
    answerer = opened(settings, root, model, in_precision)
    wanted = settings.evaluation
    sampling = Sampling(temperature=wanted.temperature, top_p=wanted.top_p, seed=settings.seed)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    ) as bar:
        passes = 2 + wanted.samples
        task = bar.add_task(f"evaluating {name} (likelihood, generation, ranking)", total=passes * len(items))
        labels = [domain.labels_of(item) for item in items]
        result = predict(
            answerer, items, labels, lambda done: bar.advance(task, done), sampling.within(wanted), wanted.samples
        )
    del answerer
    gc.collect()
    return result
