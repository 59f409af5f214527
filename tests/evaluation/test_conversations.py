"""Answers of one conversation are drawn together, and their figures shown by number."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.evaluation.compare_models import base_and_tuned, summarise
from r1tailor.evaluation.conversations import clustered, clusters, note
from r1tailor.evaluation.metrics import Mean, Perplexity, Proportion
from r1tailor.evaluation.resampling import expanded
from r1tailor.evaluation.significance import compare, interval
from r1tailor.planning.power import wilson
from r1tailor.records import Example, Prediction

OPTIONS = (500, 0.95, 1)


def talks(count: int, turns: int) -> list[Example]:
    """Return the examples of some conversations, each with as many answers."""
    return [
        Example(f"{talk}.{turn}", "", f"q {turn}", "yes", fields={"entities": [], "turn": turn}, conversation=f"{talk}")
        for talk in range(count)
        for turn in range(1, turns + 1)
    ]


def test_the_interval_of_repeated_answers_is_that_of_their_conversations() -> None:
    values = np.random.default_rng(3).random(12)
    alone, repeated = Mean(), Mean()
    alone.update(list(values))
    repeated.update([value for value in values for _ in range(5)])
    items = talks(12, 5)
    resamples, confidence, seed = OPTIONS
    one = interval(alone, resamples, expanded(confidence, 12), seed)
    five = interval(clustered({"m": repeated}, items)["m"], *OPTIONS)
    assert (five.value, five.low, five.high) == pytest.approx((one.value, one.low, one.high))
    narrow = interval(repeated, *OPTIONS)
    assert narrow.high - narrow.low < 0.6 * (one.high - one.low), "as if the 60 answers were independent"


def test_proportions_of_conversations_have_wilsons_interval_of_what_they_are_worth_and_a_permutation_test() -> None:
    base, tuned = Proportion(), Proportion()
    base.update([0.0] * 30)
    tuned.update([1.0] * 15 + [0.0] * 15)  # in three of six conversations all answers, in the others none
    items = talks(6, 5)
    pair = [clustered({"m": metric}, items)["m"] for metric in (base, tuned)]
    assert compare(base, tuned, *OPTIONS).p < 0.001, "as if there were fifteen of them"
    assert compare(pair[0], pair[1], *OPTIONS).p > 0.1
    found, wilson = interval(pair[1], *OPTIONS), interval(tuned, *OPTIONS)
    assert found.value == wilson.value == 0.5
    assert found.high - found.low > 1.5 * (wilson.high - wilson.low)


def test_where_none_succeed_each_conversation_is_one_item() -> None:
    none, whole = Proportion(), Proportion()
    none.update([0.0] * 30)
    whole.update([1.0] * 30)
    found = [interval(clustered({"m": one}, talks(6, 5))["m"], *OPTIONS) for one in (none, whole)]
    assert (found[0].low, found[0].high) == pytest.approx(wilson(0, 6, 0.95))
    assert (found[1].low, found[1].high) == pytest.approx(wilson(6, 6, 0.95))


def test_answers_of_which_half_differ_are_worth_no_more_than_there_are() -> None:
    mixed = Proportion()
    mixed.update([1.0, 0.0] * 14 + [1.0, 1.0])  # nearly all conversations have one of each
    found = interval(clustered({"m": mixed}, talks(15, 2))["m"], *OPTIONS)
    assert (found.low, found.high) == pytest.approx(wilson(16, 30, 0.95))


def test_items_that_stand_alone_keep_the_metrics_they_had() -> None:
    metric = Perplexity()
    metric.update([-1.0, -2.0], [1, 2])
    alone = [replace(one, conversation="") for one in talks(2, 1)]
    assert clusters(alone) is None
    assert clusters(talks(2, 1)) is None, "one answer of each conversation"
    assert clustered({"p": metric}, alone)["p"] is metric
    assert note(alone) == ""
    assert clustered({"p": metric}, talks(1, 2))["p"].value == pytest.approx(metric.value)
    assert (len(metric.rows()), metric.clustered) == (2, False), "the metric itself keeps its items"


def test_items_of_one_patient_law_or_company_are_drawn_together() -> None:
    alone = [replace(one, conversation="") for one in talks(3, 2)]
    grouped = [replace(one, group=f"patient {one.id[0]}") for one in alone]
    assert clusters(grouped) == [0, 0, 1, 1, 2, 2]
    whole = [replace(one, group="one ward") for one in talks(3, 2)]
    assert clusters(whole) == [0] * 6, "a group holds whole conversations"
    told = "The 6 items belong to 3 groups: intervals and tests take whole groups, those of proportions too"
    assert note(grouped) == f"{told}. 3 are few: intervals may be too narrow"
    assert note([replace(one, group=one.id) for one in alone]) == ""


def test_the_summary_says_so_and_has_figures_by_turn() -> None:
    settings = config.load(["domain=generic", "domain.sources.0.path=x", "evaluation.resamples=100"])
    items = talks(4, 7)
    right = [Prediction(one.id, "yes" if one.fields["turn"] < 3 else "no", -1.0, 2, "") for one in items]
    wrong = [Prediction(one.id, "no", -2.0, 2, "") for one in items]
    subjects, made = base_and_tuned(Path("m")), {"base": wrong, "tuned": right}
    found = summarise(settings, open_domain(settings.domain, []), items[:3], items, subjects, made)
    said = "The 28 items belong to 4 conversations: intervals and tests"
    assert any(note.startswith(said) for note in found["notes"])
    rows = {row["turn"]: row for row in found["by_turn"]}
    assert [(turn, row["n"]) for turn, row in rows.items()] == [
        *((str(turn), 4) for turn in range(1, 6)),
        ("6 and later", 8),
    ]
    exact = [rows[turn]["models"]["tuned"]["exact_match"]["value"] for turn in ("1", "2", "3")]
    assert exact == [1.0, 1.0, 0.0]
    assert rows["1"]["models"]["base"]["exact_match"]["value"] == 0.0
    alone = [replace(one, conversation="", fields={"entities": []}) for one in items]
    plain = summarise(settings, open_domain(settings.domain, []), alone[:3], alone, subjects, made)
    assert "by_turn" not in plain
    assert not any("conversations" in line for line in plain["notes"])
