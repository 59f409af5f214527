"""Days of decision become examples of four tasks, and answers are scored by their task."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from r1tailor.domain.answers import label_in
from r1tailor.domain.finance.words import ENGLISH
from r1tailor.errors import DataError
from r1tailor.instruction.build import build
from r1tailor.records import Document, Example, Prediction
from tests.support.domain_runs import evaluated
from tests.support.market_documents import ALONE, days, finance, index, real, row, walk


def _walked(count: int = 200) -> list[Document]:
    return index(walk(count)[:, 0].tolist())


def test_every_day_of_decision_is_asked_every_task_and_looks_ahead_in_its_answer_only() -> None:
    closes = [100.0] * 64 + [100.0, 102, 101, 103, 105, 106, 95.3, 100] + [110.0] * 30
    examples = list(finance(index(closes), *ALONE, "domain.task.horizon_days=6").examples())
    dates = days(len(closes))
    decided = [place for place in range(0, len(closes) - 6, 5) if place >= 63]
    assert [e.available_at for e in examples[::4]] == [dates[place] for place in decided]
    assert [e.id for e in examples[:4]] == [f"{task}/{dates[65]}" for task in ENGLISH.labels]
    first = {e.fields["task"]: e for e in examples[:4]}
    assert [e.fields["level"] for e in first.values()] == [1, 2, 3, 4]
    assert {len(e.series) for e in examples} == {64}
    fields = first["risk"].fields  # decided at 102, then 101 103 105 106 95.3 100
    assert (fields["date"], fields["label_until"]) == (dates[65], dates[71])
    assert fields["drawdown_next"] == pytest.approx(-10.7 / 106)
    assert fields["return_next"] == pytest.approx(100 / 101 - 1)  # from one close after to one close after the next
    assert fields["volatility"] == fields["features"]["volatility_21"] > 0
    assert first["risk"].output == "high. Volatility rising."
    assert first["allocation"].output == "exit. Volatility rising."
    assert first["trend"].output == "flat. The index moved little and closed near its peak."


def test_a_window_with_too_little_history_makes_no_example() -> None:
    domain = finance(_walked(), *ALONE, "domain.task.window=100")
    assert next(domain.examples()).available_at == days(200)[100]
    assert domain.features_at(days(200)[99])["return_1"] is not None
    with pytest.raises(DataError, match=rf"^domain finance: on {days(200)[98]} fewer than 100 closes were known$"):
        domain.features_at(days(200)[98])
    few = "^domain finance: 60 days of the index are too few: an example needs 64 up to it and 21 after it "
    with pytest.raises(DataError, match=few):
        list(finance(_walked(60), *ALONE).examples())


def test_numbers_as_text_stand_in_the_prompt_instead_of_the_window() -> None:
    read, written = (
        next(finance(_walked(), *ALONE, f"domain.task.numbers_as_text={text}").examples()) for text in (False, True)
    )
    assert read.series
    assert not written.series
    assert (read.output, read.fields) == (written.output, written.fields)
    assert written.instruction.startswith(f"{read.instruction} In hundredths: return 5, return 21, ")
    assert written.input.startswith(f"{read.input}\n")
    named = written.instruction.rpartition(": ")[2].rstrip(".").split(", ")
    numbers = dict(zip(named, written.input.rpartition("\n")[2].split("; "), strict=True))
    moved = read.fields["features"]["return_5"]
    assert (numbers["return 5"], numbers["spread"]) == (f"{100 * moved:.1f}", "unknown")


def test_fewer_decisions_are_learnt_from_than_judged() -> None:
    every, fewer = (
        [
            e.fields["date"]
            for e in finance(real(), "domain.task.every_days=20", f"domain.task.train_every={k}").examples()
        ]
        for k in (1, 3)
    )
    early = sorted({date for date in every if date < "2004-01-01"})
    assert sorted({date for date in fewer if date < "2004-01-01"}) in [early[start::3] for start in range(3)]
    assert [date for date in every if date >= "2004-01-01"] == [date for date in fewer if date >= "2004-01-01"]


def test_answers_are_scored_by_the_metrics_of_their_task() -> None:
    domain = finance(_walked(), *ALONE)
    examples = {e.fields["task"]: e for e in domain.examples()}
    names = {metric.name for metric in domain.metrics}
    assert len(names) == 9
    for task, example in examples.items():
        right = domain.score(example, Prediction(example.id, f"<think>exit</think>{example.output}", -1, 1, "nothing"))
        expected = {f"{task}_accuracy": 1.0, f"{task}_accuracy_ranked": 0.0}
        assert right == expected | ({"risk_vocabulary_coverage": 1.0} if task in ("risk", "allocation") else {})
        ranked = Prediction(example.id, "?", -1, 1, example.fields["label"])
        assert domain.score(example, ranked)[f"{task}_accuracy_ranked"] == 1
        assert domain.labels_of(example) == ENGLISH.labels[task]
        assert right.keys() <= names
    fields = {"task": "risk", "label": "high", "terms": ["volatility rising", "breadth narrow"]}
    named = domain.score(
        Example("e", "", "", "", fields=fields), Prediction("e", "Low. Breadth narrow.", -1, 1, "high")
    )
    assert named == {"risk_accuracy": 0.0, "risk_accuracy_ranked": 1.0, "risk_vocabulary_coverage": 0.5}


def test_the_majority_answer_holds_the_most_frequent_label_of_each_task() -> None:
    domain = finance(_walked(), *ALONE)
    train = list(domain.examples())
    constant = domain.majority_answer(train)
    for task in ENGLISH.labels:
        labels = Counter(e.fields["label"] for e in train if e.fields["task"] == task)
        assert label_in(constant, ENGLISH.labels[task]) == labels.most_common(1)[0][0]


def test_tasks_and_their_order_are_settings() -> None:
    domain = finance(_walked(), *ALONE, "domain.task.tasks=[volatility,trend]", "domain.goals=[]")
    first, second, *_ = domain.examples()
    assert [(e.fields["task"], e.fields["level"]) for e in (first, second)] == [("volatility", 1), ("trend", 2)]
    assert domain.labels() == ("calm", "normal", "turbulent", "up", "flat", "down")
    assert "risk_vocabulary_coverage" not in {metric.name for metric in domain.metrics}


@pytest.mark.parametrize(
    ("documents", "overrides", "said"),
    [
        ([], ALONE, "there is no document of source sp500 (domain.task.market.index)"),
        (_walked(), ALONE[1:], "there is no document of source stocks (domain.task.market.stocks)"),
        (
            [row("sp500", "2000-01-03", {"DAX": 1.0, "SPX": 2.0})],
            ALONE,
            "source sp500 has no series SP500 (domain.task.market.index); there are DAX, SPX",
        ),
        (
            [*_walked(), row("credit", "2000-01-31", {"AAA": 1.0})],
            [ALONE[0], ALONE[2]],
            "source credit has no series BAA (domain.task.market.credit); there are AAA",
        ),
        (index([1.0, 0.0]), ALONE, "the index has no close above 0 on 2000-01-04 (domain.task.market.index)"),
    ],
)
def test_documents_that_are_no_market_are_refused(documents: list[Document], overrides: list[str], said: str) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(f'domain finance: {said}')}$"):
        finance(documents, *overrides)


def test_the_real_parts_are_apart_in_time_and_every_label_of_train_is_known_before_the_test() -> None:
    domain = finance(real(), "domain.task.every_days=20", "domain.task.train_every=1")
    built = build(domain, seed=1)
    parts = built.parts
    assert built.report["leaks"] == {"validation": 0, "test": 0}
    assert built.report["exact_duplicates_removed"] == 0
    assert set(built.report["left_out"]) == {"embargo"}
    assert sum(map(len, parts.values())) + len(built.report["left_out"]["embargo"]) == 4 * 411
    assert max(e.fields["label_until"] for e in parts["train"]) < "2004-01-01" <= min(_dates(parts["validation"]))
    assert max(e.fields["label_until"] for e in parts["validation"]) < "2007-01-01" <= min(_dates(parts["test"]))
    assert not {e.series for e in parts["train"]} & {e.series for e in parts["test"]}
    assert {e.fields["label"] for e in parts["test"]} == set(domain.labels())


def _dates(examples: list[Example]) -> list[str]:
    return [example.available_at for example in examples]


def test_levels_are_the_closes_of_all_trading_days() -> None:
    dates, closes = finance(real()).levels()
    assert (len(dates), dates[0], dates[-1], closes[0], closes[-1]) == (
        8313,
        "1990-01-02",
        "2022-12-28",
        359.69,
        3783.22,
    )


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    few = ("domain.task={every_days: 20, numbers_as_text: true}", "evaluation.max_items=24", "evaluation=split")
    metrics = evaluated("finance", tmp_path, 1, *few)
    assert 0 <= metrics["models"]["tuned"]["risk_vocabulary_coverage"]["value"] <= 1
    assert "risk_accuracy_against_base_ranked" in metrics["comparisons"]


@pytest.mark.parametrize("as_text", ["true", "false"])
def test_what_is_asked_on_a_day_is_what_training_asked_then(as_text: str) -> None:
    closes = walk(400)[:, 0]
    opened = finance(index(closes), *ALONE, f"domain.task.numbers_as_text={as_text}", "domain.task.mask=false")
    trained = list(opened.examples())
    last = max(example.available_at for example in trained)
    asked = opened.questions_at(last)
    then = [example for example in trained if example.available_at == last]
    shown = [(e.id, e.instruction, e.input, e.series, e.available_at) for e in asked]
    assert shown == [(e.id, e.instruction, e.input, e.series, e.available_at) for e in then]
    assert [opened.labels_of(example) for example in asked] == [
        ENGLISH.labels[task] for task in opened.settings.task.tasks
    ]
    assert not any(example.output for example in asked)


def test_a_day_without_trade_asks_as_the_trading_day_before() -> None:
    opened = finance(index(walk(400)[:, 0]), *ALONE)
    known = days(400)
    friday, monday = next((a, b) for a, b in pairwise(known[300:]) if int(b[8:]) - int(a[8:]) == 3)
    saturday = f"{friday[:8]}{int(friday[8:]) + 1:02}"
    assert opened.questions_at(saturday) == opened.questions_at(friday) != opened.questions_at(monday)
    assert opened.questions_at("2099-01-01")[0].available_at == known[-1], "the last day known"


def test_a_day_without_enough_history_is_refused() -> None:
    opened = finance(index(walk(400)[:, 0]), *ALONE)
    with pytest.raises(DataError, match=f"domain finance: on {days(20)[-1]} fewer than 64 closes were known"):
        opened.questions_at(days(20)[-1])


def test_examples_across_a_hole_are_left_out_and_counted() -> None:
    closes = walk(600)[:, 0]
    rows = [row for number, row in enumerate(index(closes)) if not 300 <= number < 320]
    kept, cut = (
        finance(
            rows,
            *ALONE,
            "domain.task.crises.library=[]",
            "domain.task.normalise_days=200",
            f"domain.task.longest_gap_days={longest}",
        )
        for longest in ("null", "12")
    )
    every, without = list(kept.examples()), list(cut.examples())
    assert kept.remarks() == []
    assert 0 < len(without) < len(every)
    assert cut.across_holes * len(cut.settings.task.tasks) == len(every) - len(without)
    assert cut.remarks() == [
        f"{cut.across_holes:,} days of decision have a hole of more than 12 days in window or horizon and were "
        "left out (domain.task.longest_gap_days)"
    ]
    assert {one.id for one in without} < {one.id for one in every}


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_an_index_alone_goes_to_the_end(tmp_path: Path) -> None:
    few = ("domain.task={every_days: 20, numbers_as_text: true}", "evaluation.max_items=8", "evaluation=split")
    metrics = evaluated("finance", tmp_path, 1, *few, *ALONE[:3], "domain.title='Notes [/INST] :smile:'")
    assert metrics["warning"]["models"]["gradient boosting"]["recall"]["value"] is not None
