"""Questions that follow from a date: of market domains alone, and of the documents as they are now."""

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from r1tailor import config, inference, store
from r1tailor.errors import UserError
from r1tailor.inference import Located, market
from r1tailor.records import Example
from r1tailor.schema.settings import Settings


@pytest.fixture
def composed(own_jsonl: Path) -> Settings:
    return config.load(["domain=generic", f"domain.sources.0.path={own_jsonl}"])


def test_a_domain_whose_questions_do_not_follow_from_a_date_is_refused(composed: Settings, tmp_path: Path) -> None:
    said = "domain generic answers texts: --asof and --today are for market domains"
    with pytest.raises(UserError, match=said):
        market.questions_at(composed, tmp_path, date(2020, 2, 24))


def test_a_market_is_asked_over_its_clean_documents(
    composed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dated:
        def __init__(self, documents: list[object]) -> None:
            self.documents = documents

        def questions_at(self, day: str) -> list[Example]:
            return [Example(f"risk/{day}", "How risky?", f"{len(self.documents)} documents", "")]

    monkeypatch.setattr(market, "open_domain", lambda _, documents: Dated(documents))
    domain, (question,) = market.questions_at(composed, tmp_path, date(2020, 2, 24))
    assert isinstance(domain, Dated)
    assert (question.id, question.input) == ("risk/2020-02-24", "60 documents")


LABELS = ("low", "elevated", "high")
PERIOD = "(2007-01-08 to 2022-11-25, held out from training)"
FIGURES = {"alarms": 12, "credited_alarms": 3, "recall": 0.75, "median_lead_of_caught": 45.0, "precision": 0.25}


def _signal(figures: dict[str, float | None], threshold: float | None = 0.4, low: float = 0.5) -> market.Signal:
    record = {
        "from": "2007-01-08",
        "to": "2022-11-25",
        "events": [{}] * 4,
        "thresholds": {"tuned": threshold},
        "models": {"tuned": {name: {"value": value} for name, value in figures.items()}},
    }
    return market.Signal({"low": low, "elevated": 0.3, "high": 0.7 - low}, record if figures else {})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            _signal(FIGURES),
            f"Signal: on (risk 50%, threshold 40%). In the past {PERIOD} such a signal came before a drawdown 3 of 12 "
            "times, median lead 45 trading days; 3 of 4 drawdowns were warned of.",
        ),
        (
            _signal(FIGURES | {"alarms": 0}, low=0.7),
            f"Signal: off (risk 30%, threshold 40%). In the past {PERIOD} there was no such signal, with 4 drawdowns.",
        ),
        (
            _signal({"precision": 0.25}),
            f"Signal: on (risk 50%, threshold 40%). In the past {PERIOD} 25% of such signals came before a drawdown.",
        ),
        (
            _signal({}),
            "Signal: unknown (risk 50%): the model was not evaluated, so that it has no threshold and no record.",
        ),
    ],
)
def test_a_signal_is_told_with_its_record(found: market.Signal, said: str) -> None:
    assert market.told(found, config.load(["domain=finance"])) == said


def test_a_signal_is_told_in_the_language_of_the_domain() -> None:
    said = market.told(_signal(FIGURES), config.load(["domain=finance_zh"]))
    assert said.startswith("信号：触发(风险50%，阈值40%)。历史记录(2007-01-08至2022-11-25，未参与训练)：")
    assert "此类信号12次中有3次" in said
    assert "危机之前，提前天数的中位数为45个交易日" in said


def test_the_signal_is_of_the_evaluation_of_the_model(tmp_path: Path) -> None:
    assert market.measured(tmp_path / "a" / "b" / "model") is None
    store.write_json(tmp_path / "evaluation" / "metrics.json", {"warning": {"thresholds": {"tuned": 0.9}}})
    metrics = market.measured(tmp_path / "train" / "1" / "model")
    assert metrics == tmp_path / "evaluation" / "metrics.json"
    found = market.signal(LABELS, [0.0, 0.0, -700.0], metrics)
    assert found.risk == pytest.approx(0.5)
    assert (found.threshold, found.warns) == (0.9, False)
    assert market.signal(LABELS, [0.0, 0.0, -700.0], None).warns is None
    chinese = market.signal(("低风险", "中风险", "高风险"), [-700.0, 0.0, 0.0], None)
    assert chinese.risk == pytest.approx(1.0)


@pytest.mark.parametrize("temporal", [True, False])
def test_a_model_that_reads_windows_is_not_asked_in_words(
    temporal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Located("fund-1", "", tmp_path, tmp_path / "config.yaml", (), tmp_path / "forms")
    monkeypatch.setattr(inference.artifact, "read", lambda _: SimpleNamespace(temporal=temporal))
    refused = pytest.raises(
        UserError, match=r"^fund-1 reads windows of figures, and a question in words has none: --today"
    )
    with refused if temporal else nullcontext():
        inference.refuse_words(found)
