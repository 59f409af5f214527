"""A finished run as plain values, with everything that a report can show; no model was trained."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from r1tailor import config
from r1tailor.evaluation.market.charts import _page
from r1tailor.evaluation.per_class import Cell, per_class
from r1tailor.instruction.card import card
from r1tailor.records import Document, Example, Prediction
from r1tailor.registry.goals import Verdict
from r1tailor.report.finished import Finished, Phase
from r1tailor.schema.report import Report
from r1tailor.schema.settings import Settings
from tests.support.market_cases import made_record

LABELS = ("red", "green", "blue")
LONG = "pneumonoultramicroscopicsilicovolcanoconiosis" * 4


def entry(value: float | None, width: float = 0.05) -> dict[str, float | None]:
    ends = (None, None) if value is None else (max(value - width, 0.0), min(value + width, 1.0))
    return {"value": value, "low": ends[0], "high": ends[1]}


def compared(difference: float, p: float, width: float = 0.05) -> dict[str, float]:
    return {"difference": difference, "low": difference - width, "high": difference + width, "p": p}


def metrics() -> dict[str, Any]:
    confused = _confused()
    against = {"name": "the answer of the nearest training example", **compared(-0.1, 0.01), "p_holm": 0.02}
    return {
        "n": 30,
        "confidence": 0.95,
        "models": {
            "base": {"label_accuracy": entry(0.3), "perplexity": {"value": 140.0, "low": 130.0, "high": 150.0}},
            "tuned": {"label_accuracy": entry(0.7), "perplexity": {"value": 2.5, "low": 2.4, "high": 2.6}},
            "majority": {"label_accuracy": entry(0.33)},
            "nearest": {"label_accuracy": entry(0.8)},
        },
        "comparisons": {"label_accuracy": compared(0.4, 1e-6), "perplexity": compared(-137.5, 0.001, 9.0)},
        "verdicts": [{"metric": "label_accuracy", "kind": "proportion", "verdict": "worse", "against": [against]}],
        "confusion": {"tuned": confused},
        "per_class": {"tuned": per_class(confused)},
        "notes": ["plain baselines compare 5,000 of 10,637 training examples (evaluation.plain_baselines)"],
        "not_measured": ["f1"],
    }


def _confused() -> list[Cell]:
    counted = Counter((example.output, tuned.generated) for example, _, tuned in items())
    return [(wanted, given, count) for (wanted, given), count in counted.items()]


def items(count: int = 30) -> list[tuple[Example, Prediction, Prediction]]:
    """Return items of which the tuned model gets two in three right, the base model one in three."""
    return [_item(number) for number in range(count)]


def _item(number: int) -> tuple[Example, Prediction, Prediction]:
    label = LABELS[number % 3]
    text = f"thing {number} {LONG if number == 3 else 'of some length ' * (number % 4)}"
    example = Example(f"e{number}", "Which colour?", text, label, fields={"ward": ("north", "south")[number % 2]})
    made = [Prediction(example.id, label if right else "green", -1.0, 2, "", scores={"label_accuracy": float(right)})
            for right in (number % 3 == 1, number % 3 != 0)]  # fmt: skip
    return example, made[0], made[1]


def attacked() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rates of a red team, and what stands behind them."""
    rates = {"redteam_broken_rate": entry(0.2), "redteam_undecided_rate": entry(0.3)}
    tuned = {"redteam_broken_rate": entry(0.4), "redteam_undecided_rate": entry(0.1)}
    change = {"redteam_broken_rate": {**compared(0.2, 0.01), "p_holm": 0.02}}
    refused = {
        "harmful (refuse)": {"n": 40, "refused": entry(0.5), "corrected": entry(0.9), "should_refuse": True},
        "own (answer)": {"n": 20, "refused": entry(0.1), "corrected": None, "should_refuse": False},
    }
    families = {"dose": {"n": 10, "broken": 1, "held": 6, "undecided": 3}}
    after = {"dose": {"n": 10, "broken": 5, "held": 4, "undecided": 1}}
    report = {
        "families": {"base": families, "tuned": after},
        "refusals": {"base": refused, "tuned": refused},
        "detector": {"sensitivity": 0.55, "specificity": 1.0, "refusals": 109, "others": 60},
        "notes": ["refusals are counted by their words, and the detector's error is not known: no rate is corrected"],
    }
    models = {"base": rates, "tuned": tuned}
    return {"n": 50, "confidence": 0.95, "models": models, "comparisons": {"tuned": change}}, report


def errors() -> dict[str, Any]:
    segments = [("takes", 0.1), ("warfarin", -2.0), ("and aspirin", 1.5)]
    told = [{"text": text, "value": value, "error": 0.0} for text, value in segments]
    mode = {"where": {"length": "long", "class": "red"}, "n": 8, "errors": 6, "rate": 0.75, "rate_elsewhere": 0.2,
            "p_holm": 0.01, "found": 0.8, "examples": ["e1", "e4"]}  # fmt: skip
    attribution = {"id": "e1", "kind": "wrong", "right": "red", "given": "green", "segments": told, "error": 0.02}
    return {"modes": [mode], "not_shown": [mode | {"p_holm": 0.5}], "attributions": [attribution]}


def ability() -> dict[str, Any]:
    parts = ("ability", "ability_en", "ability_mmlu")
    return {
        "n": 100,
        "chance": dict.fromkeys(parts, 0.25),
        "models": {name: dict.fromkeys(parts, entry(value)) for name, value in (("base", 0.5), ("tuned", 0.49))},
        "comparisons": {part: compared(-0.01, 0.5, 0.015) for part in parts},
        "verdict": {"non_inferior": True, "margin": 0.03, "why": "", **compared(-0.01, 0.5, 0.015)},
    }


def finished(*overrides: str, language: str = "en", bare: bool = False, **changes: Any) -> Finished:  # noqa: ANN401
    """Return a finished run; a bare one has no red team, no errors, no ability, no market."""
    settings: Settings = _composed(overrides).model_copy(update={"report": Report(language=language)})  # type: ignore[arg-type]
    rates, attacks = ({}, {}) if bare else attacked()
    record = None if bare else made_record()
    goal = Verdict("label_accuracy", 0.7, ">= 0.6", True, "below it nobody is helped", "not shown to be better than x")
    values: dict[str, Any] = {
        "settings": settings,
        "metrics": metrics(),
        "goals": [goal],
        "items": items(),
        "phases": [phase("1-all")],
        "facts": facts(),
        "lineage": [("collect", "a" * 64), ("model", "b" * 64), ("metrics", "c" * 64)],
        "attacked": rates,
        "attacks": attacks,
        "market": [] if record is None else [_page("split", record)],
        "errors": {} if bare else errors(),
        "ability": {} if bare else ability(),
        "code": "0.1.0",
    }
    return Finished(**(values | changes))


@cache
def _composed(overrides: tuple[str, ...]) -> Settings:
    return config.load(["model=tiny_llama", "evaluation.resamples=200", *overrides])


def phase(name: str, loss: Sequence[float] = (6.0, 3.0, 2.0), **columns: Sequence[float]) -> Phase:
    rows = [{"step": str(step), "loss": str(value)} for step, value in enumerate(loss, start=1)]
    measured: Mapping[str, Sequence[float]] = {"validation_loss": (2.5, 1.5), **columns}
    steps = range(len(next(iter(measured.values()))))
    validation = [{"step": str(2 * n + 1), **{key: str(of[n]) for key, of in measured.items()}} for n in steps]
    return Phase(name, rows, validation)


def facts() -> dict[str, Any]:
    documents = [Document("d", "text", "notes of a ward", "CC0", "", "", "2020-01-01")]
    examples = [example for example, _, _ in items()]
    parts = {"train": examples[4:], "validation": examples[2:4], "test": examples[:2]}
    return {
        "provenance": [{"name": "notes", "licence": "CC0", "documents": 9, "sha256": "d" * 64, "rejected": []}],
        "cleaning": {"changed": {"straighten_quotes": 3}, "documents": 9},
        "examples": {
            "examples": {name: len(members) for name, members in parts.items()},
            "leaks": {"validation": 0, "test": 0},
            "removed": [{"reason": "in train, repeat a held-out example", "examples": 2, "ids": ["e8"]}],
            "card": card(parts, documents, LABELS),
        },
        "annotation": {"exports": 0},
        "training": {
            "steps": 3,
            "trained_parameters": 3041280,
            "prompt_tokens": {"min": 1, "max": 9},
            "seconds": 3.0,
            "best_validation_loss": 1.5,
            "precision": "fp32",
        },
        "evaluated": {"too_long": 2},
        "model": {"kind": "adapter", "base": {"name": "tiny", "sha256": "e" * 64}, "code": ["0.1.0"], "parent": None},
    }
