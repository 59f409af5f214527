"""Evaluated runs without a model: held-out items, predictions with scores, metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.evaluation.metrics import Proportion
from r1tailor.evaluation.significance import interval
from r1tailor.record_files import write_records
from r1tailor.records import Example, Prediction

COLOURS = ("red", "green", "blue")
ITEMS = [Example(f"e{i}", "Which colour?", f"thing {i}", COLOURS[i % 3]) for i in range(30)]


def write_run(
    folder: Path,
    right: Sequence[bool],
    *overrides: str,
    items: Sequence[Example] = ITEMS,
    scored: bool = True,
    goals: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write the folder of a direct run whose model answered some items right; return it."""
    settings = config.load(["model=tiny_llama", "evaluation.resamples=200", *overrides])
    domain = settings.domain.model_copy(update={"name": "toy", "goals": ()})
    values = config.as_yaml(settings.model_copy(update={"domain": domain})).replace(
        "goals: []", f"goals: {list(goals)}"
    )
    store.write_text(folder / "config.yaml", values)
    made = [_prediction(item, hit, scored) for item, hit in zip(items, right, strict=True)]
    accuracy = Proportion()
    accuracy.update([float(hit) for hit in right])
    tuned = {"label_accuracy": interval(accuracy, 200, 0.95, 1).as_dict()}
    (folder / "evaluation").mkdir(parents=True)
    store.write_json(folder / "evaluation" / "metrics.json", {"n": len(items), "models": {"tuned": tuned}})
    write_records(folder / "evaluation" / "predictions-tuned.jsonl", made)
    (folder / "instruct").mkdir()
    write_records(folder / "instruct" / "test.jsonl", items)
    facts = {"status": "done", "domain": "toy"}
    store.write_json(folder / "run.json", facts)
    return folder


def _prediction(item: Example, right: bool, scored: bool) -> Prediction:
    answer = item.output if right else "a wrong answer"
    scores = {"label_accuracy": float(right)} if scored else {}
    return Prediction(item.id, answer, -1.0 if right else -2.0, 2, "", (), scores)
