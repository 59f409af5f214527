"""The record over a made-up market: a model that knows is told from one that does not, and every trial counts."""

import json
from dataclasses import replace

from r1tailor.evaluation.market.decisions import (
    ALWAYS,
    NEVER,
    TUNED,
)
from r1tailor.evaluation.market.track_record import RANDOM, TrackRecord, track_record
from tests.support.market_models import QUICK


def test_who_knows_is_told_apart_from_who_does_not(record: TrackRecord) -> None:
    warned = record.metrics["warning"]["models"]
    assert warned[TUNED]["recall"]["value"] == 1
    assert warned[TUNED]["usefulness"]["low"] > 0
    assert warned[TUNED]["usefulness"]["value"] > 0.15
    assert abs(warned[RANDOM]["usefulness"]["value"]) < 0.1
    assert warned[ALWAYS]["usefulness"]["value"] == warned[NEVER]["usefulness"]["value"] == 0
    earned = record.metrics["portfolio"]["models"]
    assert earned[TUNED]["drawdown"]["value"] < earned[NEVER]["drawdown"]["value"]
    assert earned[NEVER]["sharpe_above_buy_and_hold"]["value"] == 0
    assert earned[ALWAYS]["sharpe"]["value"] is None


def test_every_threshold_that_was_tried_is_counted(record: TrackRecord) -> None:
    scored = 1 + len(record.decisions.scores)  # volatility is a score as well
    assert record.metrics["portfolio"]["trials"] == len(record.decisions.trials) > 15 * scored
    alone = replace(record.decisions, trials=record.decisions.trials[:2])
    from r1tailor import config

    fewer = track_record(config.load(list(QUICK)), record.timeline, alone).metrics["portfolio"]["models"][TUNED]
    assert fewer["probabilistic_sharpe"] == record.metrics["portfolio"]["models"][TUNED]["probabilistic_sharpe"]


def test_metrics_are_plain_json_without_nan(record: TrackRecord) -> None:
    json.dumps(record.metrics, allow_nan=False)
