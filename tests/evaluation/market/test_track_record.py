"""The record over a made-up market: nothing before the test knows it, every baseline is there, folds do not meet."""

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from r1tailor.errors import ConfigError, DataError
from r1tailor.evaluation.compare_models import held_out
from r1tailor.evaluation.market import report
from r1tailor.evaluation.market.baselines import BOOSTING, LOGISTIC, VOLATILITY, fitted_scores, matrix
from r1tailor.evaluation.market.charts import charts
from r1tailor.evaluation.market.comparison import honest_comparison
from r1tailor.evaluation.market.decisions import (
    ALWAYS,
    NEVER,
    SAME_RATE,
    TUNED,
    Decisions,
    asked,
    calibration_items,
    decide,
    evenly,
    joined,
)
from r1tailor.evaluation.market.early_warning import Record
from r1tailor.evaluation.market.risk_scores import brier, calibration_error, reliability, risk_probability
from r1tailor.evaluation.market.thresholds import Calibration, at_false_rate, calibration, most_useful
from r1tailor.evaluation.market.timeline import Market, Timeline, risk_items, timeline
from r1tailor.evaluation.market.track_record import RANDOM, TrackRecord, track_record
from r1tailor.evaluation.market.walk_forward import folds
from r1tailor.instruction.split import split
from r1tailor.records import Example
from r1tailor.schema.domain import Split
from r1tailor.schema.settings import Settings
from tests.support.market_cases import LABELS, MadeCrisis, market, risk_example, warning, weekdays

DAYS = 3000
ONSETS = (400, 900, 1400, 1900, 2400, 2800)
QUICK = ("evaluation.resamples=100", "evaluation.warning.random_seeds=5", "evaluation.warning.calibration_items=200")


@pytest.fixture(scope="module")
def line() -> Timeline:
    """Falls of 20 % in 40 days, each half grown when it is a crisis; noise besides."""
    returns = np.random.default_rng(1).normal(0.0006, 0.008, DAYS)
    for onset in ONSETS:
        returns[onset - 20 : onset + 20] -= 0.006
    return market(DAYS, [(onset, onset + 20) for onset in ONSETS], 100 * np.cumprod(1 + returns))


@pytest.fixture(scope="module")
def parts(line: Timeline) -> dict[str, list[Example]]:
    """A risk example every fifth day whose features tell of the 30 days before an onset, among noise."""
    draw = np.random.default_rng(2)
    made = []
    for day in range(100, DAYS - 30, 5):
        near = any(0 < onset - day <= 30 for onset in ONSETS)
        features = {"volatility": float(0.1 + 0.1 * near + 0.03 * draw.random()), "noise": float(draw.random())}
        features = features | {"unknown": None if day % 2 else 1.0}
        made.append(risk_example(line.dates[day], features, "high" if near else "low"))
    trend = [risk_example(e.available_at, {"volatility": 0.1}, "low", task="trend") for e in made]
    ordered = [item for pair in zip(made, trend, strict=True) for item in pair]
    return {"train": ordered[:400], "validation": ordered[420:500], "test": ordered[520:][::-1]}


def told(items: list[Example], noise: float = 0.2, seed: int = 1) -> dict[str, float]:
    """Return scores that know the label, with noise."""
    draw = np.random.default_rng(seed)
    return {e.id: float(0.7 * (e.fields["label"] != "low") + noise * draw.random()) for e in items}


def _models(settings: Settings, parts: dict[str, list[Example]]) -> dict[str, dict[str, float]]:
    items = asked(settings, parts)
    useless = np.random.default_rng(9).random(len(items)).tolist()
    return {TUNED: told(items), "base": dict(zip([item.id for item in items], useless, strict=True))}


def decided(settings: Settings, line: Timeline, parts: dict[str, list[Example]]) -> Decisions:
    return decide(settings, line, parts, _models(settings, parts))


@pytest.fixture(scope="module")
def record(line: Timeline, parts: dict[str, list[Example]]) -> TrackRecord:
    from r1tailor import config

    quick = config.load(list(QUICK))
    return track_record(quick, line, decided(quick, line, parts))


def test_risk_items_are_in_order_of_time_and_of_one_task(parts: dict[str, list[Example]]) -> None:
    found = risk_items(parts["test"])
    assert [e.available_at for e in found] == sorted(e.available_at for e in parts["test"] if "risk" in e.id)


def test_calibration_is_spread_over_all_before_the_test_and_holds_none_of_it(
    settings: Callable[..., Settings], parts: dict[str, list[Example]]
) -> None:
    found = calibration_items(settings("evaluation.warning.calibration_items=50"), parts)
    before = risk_items([*parts["train"], *parts["validation"]])
    assert (len(found), found[0], found[-1]) == (50, before[0], before[-1])
    assert not {e.id for e in found} & {e.id for e in parts["test"]}
    places = [before.index(e) for e in found]
    assert max(np.diff(places)) <= math.ceil(len(before) / 49)
    assert [len(evenly(before, n)) for n in (0, 1, 2)] == [0, 1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_the_test_decides_who_signals(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]], seed: int
) -> None:
    """With the test's labels, features and crises shuffled, every threshold and every fitted score stays."""
    quick = settings(*QUICK)
    plain = decided(quick, line, parts)
    order = np.random.default_rng(seed).permutation(len(parts["test"]))
    labels = [parts["test"][number].fields["label"] for number in order]
    swapped = [replace(e, fields=e.fields | {"label": label}) for e, label in zip(parts["test"], labels, strict=True)]
    first = int(plain.days[0])
    known = tuple(episode for episode in line.episodes if episode.onset < first)
    turned = np.concatenate([line.closes[:first], line.closes[first:][::-1]])
    models = _models(quick, parts)
    other = decide(quick, Timeline(line.dates, turned, known), {**parts, "test": swapped}, models)
    assert plain.signals.keys() == other.signals.keys()
    for name, signals in plain.signals.items():
        assert (signals == other.signals[name]).all(), name
    for name, scores in plain.scores.items():
        assert (scores == other.scores[name]).all(), name


def test_a_crisis_after_the_last_day_before_the_test_is_not_known_there() -> None:
    days = np.arange(80)
    soon = market(episodes=((30, 35), (82, 90)))
    known = calibration(days, 81, soon, warning())
    assert np.flatnonzero(known.good).tolist() == list(range(20, 30))
    assert not known.quiet[72:].any(), "whether these days were quiet was not known"
    assert known.quiet[71]
    assert not known.quiet[30:36].any()


def test_thresholds_by_hand() -> None:
    scores = np.linspace(0.0, 1.0, 101)
    known = Calibration(scores > 0.79, scores <= 0.79, 0.5)
    assert most_useful(scores, known) == pytest.approx(0.8, abs=0.011)
    nothing_known = Calibration(np.zeros(101, bool), np.ones(101, bool), 0.5)
    assert most_useful(scores, nothing_known) == 1.0
    assert at_false_rate(scores, nothing_known, 0.1) == pytest.approx(0.9)
    assert nothing_known.false_rate(scores > at_false_rate(scores, nothing_known, 0.1)) <= 0.1
    assert at_false_rate(scores, nothing_known, 0.0) == 1.0


@pytest.mark.parametrize("name", [LOGISTIC, BOOSTING])
def test_a_plain_classifier_learns_from_train_and_never_sees_a_later_label(
    name: str, parts: dict[str, list[Example]]
) -> None:
    train, later, test = (risk_items(parts[part]) for part in ("train", "validation", "test"))
    before, found = fitted_scores(name, train, [*train, *later], test, 1)
    risky = np.array([e.fields["label"] == "high" for e in test])
    assert found[risky].mean() > 0.4 > 0.2 > found[~risky].mean()
    blind = [replace(e, fields=e.fields | {"label": "low"}) for e in test]
    assert (fitted_scores(name, train, [*train, *later], blind, 1)[1] == found).all()
    turned = [replace(e, fields=e.fields | {"label": "low"}) for e in later]
    again = fitted_scores(name, train, [*train, *turned], test, 1)
    assert (again[0] == before).all()
    assert (again[1] == found).all()


def test_scores_on_train_are_of_models_that_did_not_see_that_stretch(parts: dict[str, list[Example]]) -> None:
    """One label in the middle turned over moves no score of its own stretch; a fit on all of train would move it."""
    train = risk_items(parts["train"])
    turned = [replace(e, fields=e.fields | {"label": "high"}) if n == 100 else e for n, e in enumerate(train)]
    one, other = (fitted_scores(BOOSTING, items, train, train[:1], 1)[0] for items in (train, turned))
    stretch = next(s for s in np.array_split(np.arange(len(train)), 5) if 100 in s)
    assert (one[stretch] == other[stretch]).all()


def test_where_train_knows_one_label_a_classifier_gives_its_share(parts: dict[str, list[Example]]) -> None:
    train = [e for e in risk_items(parts["train"]) if e.fields["label"] == "low"]
    before, test = fitted_scores(LOGISTIC, train, train, risk_items(parts["test"]), 1)
    assert set(before) == set(test) == {0.0}


def test_an_item_without_a_feature_is_named(parts: dict[str, list[Example]]) -> None:
    with pytest.raises(DataError, match=r"example risk/.* has no 'spread' among its fields"):
        matrix(risk_items(parts["train"]), ["spread"])


def test_every_baseline_and_model_is_in_both_tables(record: TrackRecord) -> None:
    expected = {ALWAYS, NEVER, VOLATILITY, SAME_RATE, LOGISTIC, BOOSTING, TUNED, "base", RANDOM}
    assert record.metrics["warning"]["models"].keys() == expected
    assert record.metrics["portfolio"]["models"].keys() == expected
    for _, header, rows in report.tables(record):
        assert {row[0] for row in rows} == expected
        assert {len(row) for row in rows} == {len(header)}


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


def lead_record(*leads: int) -> Record:
    return Record((), tuple(range(len(leads))), leads, 1.0, np.zeros((0, 2), bool))


def test_the_honest_sentence_by_hand(settings: Callable[..., Settings]) -> None:
    quick = settings("evaluation.resamples=1000")
    made = honest_comparison(quick, {TUNED: lead_record(30, 20, 40, 25), SAME_RATE: lead_record(5, 0, 10, 6)})
    assert made["difference"]["median_lead"]["value"] == 27.5 - 5.5
    assert made["difference"]["recall"]["value"] == 0.25
    assert made["text"].startswith(
        "The tuned model warns earlier than a volatility threshold of the same false-alarm rate before the test: "
        "median lead 27.5 against 5.5 trading days (+22.0 [+"
    )
    level = honest_comparison(quick, {TUNED: lead_record(30, 0, 8), SAME_RATE: lead_record(5, 20, 10)})
    assert "is not shown to warn earlier or later than" in level["text"]
    worse = honest_comparison(quick, {TUNED: lead_record(0, 0, 0), SAME_RATE: lead_record(5, 20, 10)})
    assert "The tuned model warns later than" in worse["text"]
    none = honest_comparison(quick, {TUNED: lead_record(), SAME_RATE: lead_record()})
    assert none["text"].startswith("No crisis began in the test")


def test_intervals_of_the_difference_draw_the_same_crises_for_both(settings: Callable[..., Settings]) -> None:
    """Where the model is always five days earlier, the difference has no spread, however the leads differ."""
    quick = settings("evaluation.resamples=1000")
    made = honest_comparison(quick, {TUNED: lead_record(10, 30, 60), SAME_RATE: lead_record(5, 25, 55)})
    assert made["difference"]["median_lead"] == {"value": 5, "low": 5, "high": 5}


def test_too_few_items_are_one_error(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    with pytest.raises(DataError, match="0 risk items before the test and 2 in it are too few"):
        decide(settings(*QUICK), line, {"train": [], "validation": [], "test": risk_items(parts["test"])[:2]}, {})


class Made:
    """A domain that knows a market."""

    def __init__(self, dates: tuple[str, ...], *crises: MadeCrisis) -> None:
        self.dates, self.found = dates, crises

    def levels(self) -> tuple[tuple[str, ...], list[float]]:
        return self.dates, [100.0] * len(self.dates)

    def crises(self) -> tuple[MadeCrisis, ...]:
        return self.found


def test_a_market_is_placed_on_its_trading_days() -> None:
    days = weekdays(30)
    made = Made(days, MadeCrisis("b", days[20], days[25]), MadeCrisis("a", days[3], days[9]))
    assert isinstance(made, Market)
    found = timeline(made)
    assert [(e.name, e.onset, e.trough) for e in found.episodes] == [("a", 3, 9), ("b", 20, 25)]
    with pytest.raises(DataError, match="1990-01-06 is no trading day of the domain's index"):
        timeline(Made(days, MadeCrisis("a", "1990-01-06", days[9])))
    with pytest.raises(DataError, match="are not in order"):
        timeline(Made((days[1], days[0])))


def test_probabilities_and_their_reliability_by_hand() -> None:
    assert risk_probability(LABELS, (math.log(0.5), math.log(0.3), math.log(0.2))) == pytest.approx(0.5)
    assert risk_probability(LABELS, (-400.0, -401.0, -402.0)) == pytest.approx(
        1 - 1 / (1 + math.exp(-1) + math.exp(-2))
    )
    scores, risky = np.array([0.05, 0.15, 0.15, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    curve = reliability(scores, risky)
    assert curve["count"] == [1, 2, 1]
    assert curve["observed"] == [0, 0.5, 1]
    assert calibration_error(curve) == pytest.approx((0.05 + 2 * 0.35 + 0) / 4)
    assert brier(scores, risky) == pytest.approx((0.05**2 + 0.15**2 + 0.85**2) / 4)


def test_records_go_into_metrics_plots_and_charts(record: TrackRecord, tmp_path: Path) -> None:
    metrics: dict[str, Any] = {"models": {"base": {}, "tuned": {}}}
    report.add({"split": record, "walk_forward": record}, metrics, tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert metrics["models"]["tuned"]["warning_usefulness"].keys() == {"value", "low", "high"}
    assert all(v is not None for m in metrics["models"].values() for e in m.values() for v in e.values())
    assert metrics["walk_forward"]["warning"] == metrics["warning"]
    rows = {path.name: list(csv.DictReader(path.read_text().splitlines())) for path in (tmp_path / "market").iterdir()}
    assert float(rows["equity.csv"][-1]["buy and hold"]) == pytest.approx(float(record.overlays[NEVER].equity[-1]))
    assert {row["crisis"] for row in rows["leads.csv"]} == {e["name"] for e in record.metrics["warning"]["events"]}
    assert sum(int(r["count"]) for r in rows["walk_forward-reliability.csv"] if r["model"] == TUNED) == len(
        record.decisions.days
    )
    drawn = charts(record)
    assert [str(figure.layout.title.text).split()[0] for figure in drawn] == ["Index,", "One", "Reliability"]
    leads = [lead for lead in record.warnings[TUNED].leads if lead]
    texts = [trace.text[1] for trace in drawn[0].data if trace.text and trace.legendgroup == TUNED]
    assert texts == [f"{lead} days" for lead in leads]


def test_without_a_market_nothing_is_added(tmp_path: Path) -> None:
    metrics: dict[str, Any] = {"models": {"base": {}, "tuned": {}}}
    report.add({}, metrics, tmp_path)
    assert metrics == {"models": {"base": {}, "tuned": {}}}
    assert list(tmp_path.rglob("*")) == [tmp_path / "market"]


def finance(settings: Callable[..., Settings], *overrides: str) -> Settings:
    return settings("domain=finance", "evaluation=walk_forward", *overrides)


def test_folds_follow_each_other_without_overlap_and_are_embargoed(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    composed = finance(
        settings, "evaluation.walk_forward={first_test: 1995, last_test: 2002, test_years: 2, validation_years: 1}"
    )
    items = risk_items([item for part in parts.values() for item in part])
    found = folds(composed, items[-1].available_at)
    assert [fold.name for fold in found] == ["fold_1995", "fold_1997", "fold_1999", "fold_2001"]
    seen: set[str] = set()
    for fold in found:
        split_of: Split = fold.settings(composed).domain.split
        placed = split(items, split_of, 1)
        tested = fold.tested(placed["test"])
        first = min(e.available_at for e in tested)
        assert not seen & {e.id for e in tested}
        seen |= {e.id for e in tested}
        for earlier, later in (("train", "validation"), ("validation", "test")):
            last = np.datetime64(max(e.available_at for e in placed[earlier]))
            start = np.datetime64(fold.validation if later == "validation" else fold.test)
            assert start - last >= np.timedelta64(split_of.embargo_days, "D")
        assert max(e.available_at for e in placed["train"]) < first
    assert seen == {e.id for e in items if e.available_at >= "1995-01-01"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("domain.split.embargo_days=20", "domain.split.embargo_days = 20: labels look 29 calendar days ahead"),
        ("evaluation.walk_forward.last_test=2023", "last_test = 2023: the examples end on 2022-12-28"),
    ],
)
def test_folds_that_would_leak_or_be_empty_are_refused(
    override: str, message: str, settings: Callable[..., Settings]
) -> None:
    with pytest.raises(ConfigError, match=message):
        folds(finance(settings, override), "2022-12-28")
    shares = ("domain.split.by=similarity", "domain.split.boundaries=null", "domain.split.embargo_days=0")
    with pytest.raises(ConfigError, match="folds in time need by: time"):
        folds(finance(settings, *shares), "2022-12-28")
    assert folds(settings(), "2022-12-28") == []


def test_decisions_of_folds_are_joined_in_order(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    quick = settings(*QUICK)
    whole = decided(quick, line, parts)
    cut = len(whole.days) // 2
    halves = [
        Decisions(
            whole.days[part],
            whole.risky[part],
            {name: on[part] for name, on in whole.signals.items()},
            {name: scores[part] for name, scores in whole.scores.items()},
            [on[part] for on in whole.trials],
        )
        for part in (slice(None, cut), slice(cut, None))
    ]
    del halves[1].signals["base"]
    made = joined(halves)
    assert (made.days == whole.days).all()
    assert (made.signals[TUNED] == whole.signals[TUNED]).all()
    assert "base" not in made.signals
    assert len(made.trials) == len(whole.trials)


def test_held_out_items_are_spread_over_dates_and_tasks(
    settings: Callable[..., Settings], parts: dict[str, list[Example]]
) -> None:
    some = held_out(settings("domain=finance", "evaluation.max_items=20"), parts["test"])
    assert [sum(e.fields["task"] == task for e in some) for task in ("risk", "trend")] == [10, 10]
    dates = sorted(e.available_at for e in parts["test"])
    for task in ("risk", "trend"):
        of_task = [e.available_at for e in some if e.fields["task"] == task]
        assert (of_task[0], of_task[-1]) == (dates[0], dates[-1])
    assert held_out(settings("evaluation.max_items=3"), parts["test"]) == parts["test"][:3]
