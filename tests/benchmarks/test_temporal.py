"""The arms of the benchmark of windows: what a label shows in them, and that a finished arm is not trained again."""

from pathlib import Path

import numpy as np
import pytest

from r1tailor import config
from r1tailor.instruction.build import build
from r1tailor.schema.settings import Settings
from tests.benchmarks import temporal
from tests.conftest import FASTER
from tests.support.market_documents import ALONE, finance, index, walk

COMPOSED = (*ALONE, "domain.task.every_days=20", "domain.task.channels=[path,return]", "domain.goals=[]")
TINY = ("model=tiny_llama", "strategy=full", "trainer.max_steps=2", "trainer.validations=1", *FASTER)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A toy composition over made prices."""
    domain = finance(index(walk(2400)[:, 0]), *COMPOSED)
    parts = build(domain, seed=1).parts
    monkeypatch.setattr(temporal, "finance_parts", lambda _: (domain, parts))
    return config.load(["domain=finance", "evaluation=split", *COMPOSED, *TINY])


def test_a_planted_window_shows_the_label_and_a_shuffled_one_is_anothers(settings: Settings) -> None:
    domain, parts = temporal.finance_parts(settings)
    examples = parts["train"]
    planted = temporal.with_arm("planted", examples, domain, 1)
    rises = [np.polyfit(range(len(e.series)), [day[0] for day in e.series], 1)[0] for e in planted]
    ranks = [domain.labels_of(e).index(e.fields["label"]) for e in planted]
    assert np.corrcoef(rises, ranks)[0, 1] < -0.9
    mixed = temporal.with_arm("shuffled", examples, domain, 1)
    assert all(e.series != own.series for e, own in zip(mixed, examples, strict=True))
    assert [e.output for e in mixed] == [e.output for e in planted] == [e.output for e in examples]
    assert temporal.with_arm("windows", examples, domain, 1) == list(examples)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_an_arm_is_measured_once(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = temporal.measure_finance(settings, "windows", 2, tmp_path)
    assert found["steps"] == 2
    for task in settings.domain.task.tasks:  # type: ignore[attr-defined]
        assert 0 <= found[task] <= 1
        assert 0 <= found[f"{task} constant"] <= 1
    monkeypatch.setattr(temporal, "trained", lambda *_: pytest.fail("it was trained again"))
    assert temporal.measure_finance(settings, "windows", 2, tmp_path) == found
