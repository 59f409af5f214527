"""What became of the general ability, in words: the lines of the terminal and of the report's notes."""

from collections.abc import Mapping
from typing import Any

_NAMES = {"ability": "all", "ability_en": "English", "ability_zh": "Chinese"}
_CONSTANT = 0.9  # of the answers: the same letter


def lines(told: Mapping[str, Any]) -> list[str]:
    """Return the verdict, the change in each language, and what people should know of it, a sentence each."""
    parts = [part for part in _NAMES if part in told["comparisons"]]
    one_language = len(parts) == 2  # of all, and of the one language: the same
    changes = "; ".join(_change(told, part) for part in (parts[1:] if one_language else parts))
    return [f"general ability: {_verdict(told)} {changes}", *_constant(told), *_left_out(told)]


def _verdict(told: Mapping[str, Any]) -> str:
    judged = told.get("verdict")
    if not judged:
        return f"{told['n']:,} questions, no margin is set."
    points = f"{100 * judged['margin']:g} points"
    if judged["why"]:
        return f"not shown to be kept: {judged['why']}."
    if judged["non_inferior"]:
        return f"kept: a loss of {points} is ruled out over {told['n']:,} questions."
    if judged["high"] < 0:
        return f"lost: the tuned model is worse, and a loss of {points} is not ruled out ({told['n']:,} questions)."
    return f"not shown to be kept: {told['n']:,} questions do not rule out a loss of {points}."


def _change(told: Mapping[str, Any], part: str) -> str:
    base, tuned = (told["models"][name][part]["value"] for name in ("base", "tuned"))
    change, low, high = (100 * told["comparisons"][part][name] for name in ("difference", "low", "high"))
    said = f"{_NAMES[part]} {base:.3f} -> {tuned:.3f} ({change:+.1f} points [{low:+.1f}, {high:+.1f}])"
    guessed = part != "ability" and told["models"]["base"][part]["low"] <= told["chance"][part]
    return f"{said}, where the base model is not shown to do better than guessing" if guessed else said


def _constant(told: Mapping[str, Any]) -> list[str]:
    return [
        f"general ability: {name} picks the {'ABCDE'[shares.index(max(shares))]} of {100 * max(shares):.0f} % of the "
        "questions: its share says little"
        for name, shares in told["letters"].items()
        if max(shares) >= _CONSTANT
    ]


def _left_out(told: Mapping[str, Any]) -> list[str]:
    long = told["too_long"]
    if not long:
        return []
    return [f"general ability: {len(long)} questions are longer than the model reads: {', '.join(long[:3])}"]
