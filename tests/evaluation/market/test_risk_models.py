"""Which models are asked for the risk of a day, and with which examples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config
from r1tailor.evaluation.market import risk_models
from r1tailor.evaluation.market.decisions import TUNED, Scores
from r1tailor.evaluation.market.risk_models import BASE, SHUFFLED, TEXT, ZEROED, TextOnly, model_scores
from r1tailor.evaluation.market.risk_scores import risk_probability
from r1tailor.records import Example

LABELS = ("low", "elevated", "high")
ITEMS = [
    Example(f"risk/{i}", "How risky?", "windows", "low", series=((float(i), 1.0), (2.0, 3.0 + i))) for i in range(4)
]
WRITTEN = {item.id: replace(item, input=f"numbers of {item.id}", series=()) for item in ITEMS}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Example]]]:
    """What each model is asked; its scores follow from the number of the item alone."""
    questions: list[tuple[str, list[Example]]] = []

    def opened(name: str) -> Any:  # noqa: ANN401
        def rank(items: Sequence[Example], labels: Sequence[Sequence[str]]) -> list[tuple[float, ...]]:
            questions.append((name, list(items)))
            return [(0.0, float(item.id[-1]), 0.0)[: len(closed)] for item, closed in zip(items, labels, strict=True)]

        return SimpleNamespace(rank=rank)

    monkeypatch.setattr(risk_models.artifact, "read", lambda path: SimpleNamespace(name=path.name, precision="fp32"))
    monkeypatch.setattr(risk_models, "open_tuned", lambda found, *_: opened(found.name))
    monkeypatch.setattr(risk_models, "open_base", lambda _settings, _root, precision: opened(f"base {precision}"))
    return questions


def _scores(items: Sequence[Example], text: TextOnly | None) -> dict[str, Scores]:
    domain: Any = SimpleNamespace(labels_of=lambda _: LABELS)
    return model_scores(config.load([]), domain, items, Path("tuned"), text, config.ROOT)


def test_windows_are_spoilt_for_the_tuned_model_and_written_out_for_the_others(
    asked: list[tuple[str, list[Example]]],
) -> None:
    found = _scores(ITEMS, TextOnly(Path("text"), WRITTEN))
    assert list(found) == [TUNED, SHUFFLED, ZEROED, BASE, TEXT]
    assert [name for name, _ in asked] == ["tuned", "tuned", "tuned", "base fp32", "text"], "at the tuned precision"
    whole, shuffled, zeroed, base, text = (items for _, items in asked)
    assert whole == ITEMS
    assert base == text == list(WRITTEN.values())
    assert sorted(item.series for item in shuffled) == sorted(item.series for item in ITEMS)
    assert all(value == 0 for item in zeroed for row in item.series for value in row)
    assert found[TUNED] == {item.id: risk_probability(LABELS, (0.0, float(item.id[-1]), 0.0)) for item in ITEMS}
    assert found[TUNED]["risk/0"] == pytest.approx(2 / 3)


def test_without_windows_nothing_is_spoilt_and_the_base_reads_the_same(
    asked: list[tuple[str, list[Example]]],
) -> None:
    plain = [replace(item, series=()) for item in ITEMS]
    assert list(_scores(plain, None)) == [TUNED, BASE]
    assert [items for _, items in asked] == [plain, plain]
