"""Warnings of a market version: risk, threshold and record; any other version and any other day is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.serving import warnings
from tests.support.serving import Harness, gateway

LABELS = ("low", "elevated", "high")
QUESTION = Example("risk/1", "How risky?", "figures", "", available_at="2020-02-21", fields={"task": "risk"})
RECORD = {
    "warning": {
        "from": "2007-01-01",
        "to": "2022-01-01",
        "events": [{"name": "covid", "onset": "2020-02-19"}],
        "thresholds": {"tuned": 0.4},
        "models": {"tuned": {"median_lead": {"value": 21.0}}},
    }
}


@pytest.fixture
def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    def questions(settings: Any, root: Path, day: Any) -> Any:  # noqa: ANN401
        if day.year < 2000:
            raise DataError(f"too little was known on {day}")
        return SimpleNamespace(labels_of=lambda _: LABELS), [QUESTION]

    monkeypatch.setattr(warnings, "questions_at", questions)
    with gateway(tmp_path) as harness:
        loaded = harness.context.gateway.served.main.current
        assert loaded is not None

        async def run(work: Any) -> Any:  # noqa: ANN401
            return work(SimpleNamespace(rank=lambda prompts, labels: [(0.0, 0.0, -700.0)]))

        loaded.engine.run = run  # type: ignore[attr-defined]
        loaded.measured = tmp_path / "metrics.json"
        loaded.measured.write_text(json.dumps(RECORD))
        yield harness


def _get(harness: Harness, query: str = "?asof=2020-02-24") -> Any:  # noqa: ANN401
    return harness.client.get(f"/v1/warnings{query}", headers=harness.key())


def test_a_day_has_a_risk_a_threshold_and_a_record(market: Harness) -> None:
    got = _get(market)
    found = got.json()
    assert (found["asof"], found["decision_day"], found["version"]) == ("2020-02-24", "2020-02-21", "toy-1-0000000000")
    assert found["risk"] == pytest.approx(0.5)
    assert (found["threshold"], found["warns"]) == (0.4, True)
    assert found["record"]["events"] == RECORD["warning"]["events"]
    assert found["record"]["figures"]["median_lead"]["value"] == 21.0
    assert found["text"].startswith("Signal: on (risk 50%, threshold 40%). In the past (2007-01-01 to 2022-01-01")
    assert got.headers["x-r1tailor-version"] == "toy-1-0000000000"
    (line,) = market.lines()
    assert (line["what"], line["decision"]) == ("warnings", "answered")


def test_a_version_that_was_not_evaluated_warns_of_nothing(market: Harness) -> None:
    loaded = market.context.gateway.served.main.current
    assert loaded is not None
    loaded.measured = None
    found = _get(market).json()
    assert (found["threshold"], found["warns"], found["record"]["figures"]) == (None, None, {})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?asof=yesterday", "asof must be one day such as 2020-02-24"),
        ("?asof=", "asof must be one day"),
        ("?asof=2020-02-30", "asof must be one day"),
        ("?asof=9999-01-01", "asof must be one day such as 2020-02-24, today at the latest"),
        ("?asof=2020-02-24&asof=2020-02-25", "asof must be one day"),
        ("?day=2020-02-24", "only asof is understood"),
        ("?asof=1990-01-01", "too little was known on 1990-01-01"),
    ],
)
def test_another_day_is_refused(query: str, said: str, market: Harness) -> None:
    got = _get(market, query)
    assert got.status_code == 400
    assert got.json()["error"]["message"].startswith(said)


def test_an_engine_without_likelihoods_is_named(market: Harness) -> None:
    loaded = market.context.gateway.served.main.current
    assert loaded is not None
    del loaded.engine.run  # type: ignore[attr-defined]
    assert "gives no likelihoods of labels" in _get(market).json()["error"]["message"]


def test_a_version_of_no_market_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path) as harness:
        got = _get(harness)
    assert got.status_code == 400
    assert got.json()["error"]["code"] == "no_warning"
