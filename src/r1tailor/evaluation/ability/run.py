"""Every subject asked the general set: shares of right answers, paired differences, and the verdict.

Options are ranked by the likelihood of their letters, behind an empty block of reasoning where the template opens one:
a thousand blocks would take hours. What was asked before comes from the cache of predictions.
"""

import gc
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from r1tailor import artifact, store
from r1tailor.errors import DataError
from r1tailor.evaluation.ability import words
from r1tailor.evaluation.ability.questions import Drawn, Item, draw
from r1tailor.evaluation.compare_models import BASE, TUNED, Subject, opened
from r1tailor.evaluation.resampling import mcnemar
from r1tailor.evaluation.score_interval import Outcomes, counts, tango
from r1tailor.planning.power import wilson
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.schema.ability import CHANGE
from r1tailor.schema.settings import Settings

RESULT, ITEMS = "ability.json", "ability-items.jsonl"
_ALL = "ability"
Scores = Sequence[tuple[float, ...]]


def kept(
    settings: Settings, subjects: Sequence[Subject], root: Path, folder: Path, metrics: dict[str, Any]
) -> dict[str, Any]:
    """Measure what the composition asks; return the metrics of the evaluation with it, and write both.

    Args:
        settings: the composition.
        subjects: ``base`` and ``tuned`` are among them.
        root: the project's root.
        folder: of the evaluation: ``ability.json`` and ``ability-items.jsonl`` are written there, and ``metrics.json``
            again where anything was asked.
        metrics: of the evaluation.

    Raises:
        DataError: a set cannot be had.
        CheckpointError: a saved model is damaged.
    """
    for old in (RESULT, ITEMS):
        (folder / old).unlink(missing_ok=True)
    if not settings.ability.asks:
        store.write_text(folder / ITEMS, "")
        store.write_json(folder / RESULT, {"n": 0})
        return metrics
    told = measure(settings, subjects, root, folder)
    notes = [*metrics.get("notes", ()), *words.lines(told)]
    found = metrics | {"ability": {name: told[name] for name in ("models", "verdict") if name in told}, "notes": notes}
    store.write_json(folder / "metrics.json", found)
    return found


def measure(settings: Settings, subjects: Sequence[Subject], root: Path, folder: Path) -> dict[str, Any]:
    """Ask every subject; write scores per question and the result below a folder; return the result.

    Raises:
        DataError: a set cannot be had, or no question of it fits into what the model reads.
        CheckpointError: a saved model is damaged.
    """
    drawn = draw(settings.ability)
    items, too_long = _fitting(settings, root, drawn.items)
    scores = _scores(settings, subjects, root, items)
    told = summary(settings, drawn, items, too_long, scores, {one.name: one.reference for one in subjects})
    store.write_text(folder / ITEMS, "".join(f"{_line(item, n, scores)}\n" for n, item in enumerate(items)))
    store.write_json(folder / RESULT, told)
    return told


def _fitting(settings: Settings, root: Path, items: Sequence[Item]) -> tuple[list[Item], list[str]]:
    """Return the questions that the model can read whole, and the ids of the others."""
    lengths = [len(one) for one in TokenizedParts(settings, root, {}).of([item.example for item in items])]
    limit = settings.model.context_length
    too_long = [item.id for item, length in zip(items, lengths, strict=True) if length > limit]
    if len(too_long) == len(items):
        raise DataError(f"ability: every question is longer than model.context_length = {limit:,} tokens")
    return [item for item in items if item.id not in set(too_long)], too_long


def _scores(settings: Settings, subjects: Sequence[Subject], root: Path, items: Sequence[Item]) -> dict[str, Scores]:
    """Return the log-likelihoods (nats) of each question's letters, by subject."""
    saved = {one.name: artifact.read(one.model) for one in subjects if one.model}
    asked, letters = [item.example for item in items], [item.letters for item in items]
    found: dict[str, Scores] = {}
    for one in subjects:
        model = saved.get(one.name)
        answerer = opened(settings, root, model, (model or saved[TUNED]).precision)
        with Progress() as bar:
            shown = partial(bar.advance, bar.add_task(f"general questions to {one.name}", total=len(items)))
            found[one.name] = answerer.rank(asked, letters, shown, reasoning=[""] * len(items))
        del answerer
        gc.collect()
    return found


def picked(scores: Sequence[float]) -> int:
    """Return the place of the likeliest option, the first of equals."""
    return max(range(len(scores)), key=scores.__getitem__)


def summary(
    settings: Settings,
    drawn: Drawn,
    items: Sequence[Item],
    too_long: Sequence[str],
    scores: Mapping[str, Scores],
    references: Mapping[str, str],
) -> dict[str, Any]:
    """Return shares with Wilson's intervals, differences with Tango's and McNemar's test, and the verdict.

    Args:
        settings: ``ability`` and ``evaluation.confidence`` are read.
        drawn: what was drawn.
        items: those of it that were asked.
        too_long: ids of the others.
        scores: log-likelihoods of each question's letters, by subject.
        references: the subject that each is compared with; empty for none.
    """
    confidence = settings.evaluation.confidence
    places = {name: [picked(one) for one in made] for name, made in scores.items()}
    right = {
        name: np.array([place == item.right for place, item in zip(made, items, strict=True)], dtype=bool)
        for name, made in places.items()
    }
    parts = _parts(items)
    compared = {
        name: {part: _difference(right[other][at], right[name][at], confidence) for part, at in parts.items()}
        for name, other in references.items()
        if other
    }
    models = {
        name: {part: _share(outcomes[at], confidence) for part, at in parts.items()} for name, outcomes in right.items()
    }
    for part, one in compared[TUNED].items():
        models[TUNED][f"{part}_change_low"] = {"value": one["low"]}
    chance = {part: float(np.mean([1 / len(items[place].options) for place in at])) for part, at in parts.items()}
    told = {
        "n": len(items),
        "seed": settings.ability.seed,
        "questions": drawn.sha256,
        "confidence": confidence,
        "sets": [dict(one) for one in drawn.sets],
        "too_long": list(too_long),
        "chance": chance,
        "models": models,
        "comparisons": compared.pop(TUNED),
        **({"compared": compared} if compared else {}),
        "letters": {name: _letters(made) for name, made in places.items()},
    }
    return told | _verdict(settings.ability.margin, told)


def _parts(items: Sequence[Item]) -> dict[str, list[int]]:
    """Return the places of the questions of each part: all, each language, each set."""
    parts: dict[str, list[int]] = {_ALL: list(range(len(items)))}
    for key in ("language", "set"):
        for place, item in enumerate(items):
            parts.setdefault(f"{_ALL}_{getattr(item, key)}", []).append(place)
    return parts


def _share(outcomes: Outcomes, confidence: float) -> dict[str, Any]:
    low, high = wilson(int(outcomes.sum()), len(outcomes), confidence)
    return {"value": float(outcomes.mean()), "low": low, "high": high}


def _difference(base: Outcomes, tuned: Outcomes, confidence: float) -> dict[str, Any]:
    won, lost = counts(base, tuned)
    low, high = tango(won, lost, len(base), confidence)
    difference = (won - lost) / len(base)
    return {"difference": difference, "low": low, "high": high, "p": mcnemar(base, tuned), "won": won, "lost": lost}


def _letters(places: Sequence[int]) -> list[float]:
    """Return the share of the questions whose first, second, ... option was picked."""
    return [places.count(place) / len(places) for place in range(max(places, default=-1) + 1)]


def _verdict(margin: float | None, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether the tuned model is shown to be hardly worse; a base that guesses has nothing to lose."""
    if margin is None:
        return {}
    change, base, chance = told["comparisons"][_ALL], told["models"][BASE][_ALL], told["chance"][_ALL]
    guesses = base["low"] <= chance
    why = (
        f"the base model answers {base['value']:.3f} right, not shown to be better than guessing ({chance:.3f}): it "
        "has no ability here that could be lost"
        if guesses
        else ""
    )
    shown = bool(change["low"] > -margin and not guesses)
    values = {name: change[name] for name in ("difference", "low", "high")}
    return {"verdict": {"non_inferior": shown, "metric": CHANGE, "margin": margin, "why": why, **values}}


def _line(item: Item, place: int, scores: Mapping[str, Scores]) -> str:
    """Return a question's line: what was right, and what each subject found of its letters."""
    facts = {"id": item.id, "set": item.set, "language": item.language, "right": item.letters[item.right]}
    found = {
        name: {"picked": item.letters[picked(made[place])], "scores": list(made[place])}
        for name, made in scores.items()
    }
    return json.dumps({**facts, **found}, ensure_ascii=False)
