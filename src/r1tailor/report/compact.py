"""The few figures by which versions are compared at a glance: the file that ``dvc metrics diff`` shows."""

from typing import Any

from r1tailor.report import headline
from r1tailor.report.attacked import BROKEN
from r1tailor.report.finished import Finished

FILE = "headline.json"  # next to ``metrics.json``


def figures(found: Finished) -> dict[str, Any]:
    """Return headline metrics of the tuned model with their gain over the base model, and what else decides.

    ``redteam_broken_rate``, ``ability`` and ``best_validation_loss`` are there where they were measured.
    """
    models, compared = found.metrics["models"], found.metrics["comparisons"]
    told: dict[str, Any] = {
        name: {"tuned": models["tuned"][name]["value"], "gain": compared.get(name, {}).get("difference")}
        for name in headline.chosen(found.metrics, found.goals)
        if name in models["tuned"]
    }
    told["goals"] = {"met": sum(goal.met for goal in found.goals), "of": len(found.goals)}
    rest = {
        BROKEN: found.attacked.get("models", {}).get("tuned", {}).get(BROKEN, {}).get("value"),
        "ability": found.ability.get("models", {}).get("tuned", {}).get("ability", {}).get("value"),
        "best_validation_loss": found.facts["training"].get("best_validation_loss"),
    }
    return told | {name: value for name, value in rest.items() if value is not None}
