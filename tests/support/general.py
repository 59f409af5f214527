"""Small general sets, and models that answer them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.evaluation.ability.questions import Drawn, Item
from r1tailor.inference import Prompt
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.packaged_texts import pinned

LETTERED = "\n".join(
    json.dumps({"question": f"Which is {n}?", "options": f"A. {n + 1}\nB. {n}\nC. {n + 2}", "answer": f"B. {n}"})
    for n in range(20)
)
RIDDLES = "\n".join(
    json.dumps({"input": [{"content": "猜字谜"}, {"content": f"谜 {n}"}], "ideal": f"[{word}]"}, ensure_ascii=False)
    for n, word in enumerate("喜因默田出职尘林厉鲜")
)
SETS = {"letters": (LETTERED, "lettered", "en", 12), "riddles": (RIDDLES, "riddles", "zh", 8)}


def general(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *overrides: str, **facts: Any) -> Settings:  # noqa: ANN401
    """Return a composition that asks two small sets, whose wheels lie in a folder."""
    asked = general_overrides(tmp_path, monkeypatch, **facts)
    return config.load(["model=tiny_llama", "evaluation.resamples=100", *asked, *overrides])


def general_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **facts: Any) -> list[str]:  # noqa: ANN401
    """Return the overrides that ask two small sets, whose wheels lie in a folder."""
    pins = pinned({name: text for name, (text, *_) in SETS.items()}, tmp_path, monkeypatch)
    sets = [
        {**pins[name], "reader": reader, "language": language, "items": items, **facts}
        for name, (_, reader, language, items) in SETS.items()
    ]
    return [f"ability.sets=[{','.join(map(_written, sets))}]"]


def _written(facts: dict[str, Any]) -> str:
    quoted = {key: f"'{value}'" if isinstance(value, str) else value for key, value in facts.items()}
    return "{" + ",".join(f"{key}: {value}" for key, value in quoted.items()) + "}"


def drawn(right: Sequence[int], language: str = "en", options: int = 4) -> Drawn:
    """Return questions of one set, each with the place of its right option."""
    offered = tuple("abcd"[:options])
    items = [Item(f"some-{n}", "some", language, f"Question {n}?", offered, place) for n, place in enumerate(right)]
    return Drawn(tuple(items), ({"name": "some", "language": language, "licence": "MIT", "n": len(items)},))


class Picking:
    """An ``Answerer`` that ranks; it picks by a function of the question."""

    def __init__(self, picks: Callable[[Example], str]) -> None:
        self.picks = picks
        self.reasoning: Sequence[str] | None = None

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Callable[[int], None],
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        self.reasoning = reasoning
        progress(len(prompts))
        wanted = [self.picks(prompt) for prompt in prompts if isinstance(prompt, Example)]
        return [tuple(-float(label != pick) for label in closed) for closed, pick in zip(labels, wanted, strict=True)]
