"""Plain baselines: what each answers, what is left out and said, and what of a domain's own is added."""

from collections.abc import Callable

import pytest

from r1tailor.domain import Domain, open_domain
from r1tailor.evaluation import plain_baselines
from r1tailor.evaluation.plain_baselines import baselines, named_label, told
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

TRAIN = [
    Example(f"t{n}", "Sort it.", text, label, fields={"entities": []})
    for n, (text, label) in enumerate(
        [
            *[(f"the ship sails the sea {n}", "sea") for n in range(6)],
            *[(f"the plane flies the sky {n}", "sky") for n in range(3)],
            *[(f"a mole digs the soil {n}", "soil") for n in range(3)],
        ]
    )
]
ITEMS = [
    Example("i1", "Sort it.", "one plane in the sky", "sky", fields={"entities": []}),
    Example("i2", "Sort it.", "the mole digs on", "soil", fields={"entities": []}),
    Example("i3", "Sort it.", "a ship at sea", "sea", fields={"entities": []}),
]


@pytest.fixture
def domain(settings: Callable[..., Settings]) -> Domain:
    task = ("domain=generic", "domain.sources.0.path=x.jsonl", "domain.task.labels=[sea,sky,soil]")
    return open_domain(settings(*task).domain, [])


def _accuracy(domain: Domain, most: int, each: int = 1) -> dict[str, float]:
    found = baselines(domain, TRAIN, ITEMS, most, each)
    return {name: metrics["label_accuracy"].value for name, metrics in found.measured.items()}


def test_each_baseline_answers_from_training_examples_alone(domain: Domain) -> None:
    accuracy = _accuracy(domain, 100)
    assert accuracy["majority"] == pytest.approx(1 / 3), "always sea"
    assert accuracy["nearest"] == 1
    assert accuracy["logistic"] == 1


def test_labels_that_do_not_follow_from_the_text_are_not_found(domain: Domain) -> None:
    turned = [
        Example(one.id, one.instruction, one.input, TRAIN[(n + 6) % 12].output, fields={"entities": []})
        for n, one in enumerate(TRAIN)
    ]
    found = baselines(domain, turned, ITEMS, 100, 1)
    assert found.measured["nearest"]["label_accuracy"].value == 0


def test_at_zero_only_the_most_frequent_answer_is_left(domain: Domain) -> None:
    assert list(_accuracy(domain, 0)) == ["majority"]


def test_how_many_examples_are_compared_is_capped_and_told(domain: Domain) -> None:
    found = baselines(domain, TRAIN, ITEMS, 6, 1)
    assert found.notes == ["plain baselines compare 6 of 12 training examples (evaluation.plain_baselines)"]
    assert list(found.measured) == ["majority", "nearest", "named"], "the first six have one class"
    assert not baselines(domain, TRAIN, ITEMS, 12, 1).notes


def test_too_many_distinct_answers_are_told(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_baselines, "_MOST_ANSWERS", 2)
    found = baselines(domain, TRAIN, ITEMS, 100, 1)
    assert "logistic" not in found.measured
    said = "no logistic regression over whole answers: the training examples have 3 distinct ones, more than 2"
    assert found.notes == [said]


def test_metrics_that_reward_the_form_alone_are_not_measured(domain: Domain) -> None:
    found = baselines(domain, TRAIN, ITEMS, 100, 1)
    assert {"exact_match", "label_accuracy"} == found.measured["nearest"].keys()


def test_a_baseline_counts_as_often_as_a_model_answers(domain: Domain) -> None:
    found = baselines(domain, TRAIN, ITEMS, 100, 4)
    assert found.measured["nearest"]["label_accuracy"].rows().tolist() == [[4, 4]] * 3
    assert _accuracy(domain, 100, 4)["majority"] == pytest.approx(1 / 3)


def test_a_domain_adds_answers_of_its_own(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "plain_answers", lambda train, items: {"last_word": ["soil"] * len(items)})
    assert _accuracy(domain, 100)["last_word"] == pytest.approx(1 / 3)
    assert told("last_word") == "last word"


def test_what_a_constant_answer_reaches_is_kept_in_every_metric(domain: Domain) -> None:
    named = [Example(one.id, one.instruction, one.input, one.output, fields={"entities": ["sea"]}) for one in ITEMS]
    constant = baselines(domain, TRAIN, named, 0, 1).constant
    assert constant["label_accuracy"] == pytest.approx(1 / 3)
    assert constant["entity_coverage"] == 1, "always sea names what has to be named"


def test_the_label_that_inputs_name_is_a_baseline_where_most_name_one(domain: Domain) -> None:
    leaked = [Example(f"l{n}", "Sort it.", f"{n} [{label}]", label, fields={"entities": []})
              for n, label in enumerate(["sea", "sky", "soil", "sky"])]  # fmt: skip
    assert baselines(domain, TRAIN, leaked, 100, 1).measured["named"]["label_accuracy"].value == 1
    assert [named_label(domain, one) for one in ITEMS] == ["sky", "", "sea"]
    assert named_label(domain, Example("b", "", "sea or sky", "sea")) == "", "it names two"
    assert "named" not in baselines(domain, TRAIN, [ITEMS[1], *ITEMS[1:]], 100, 1).measured


def test_without_items_nothing_is_compared(domain: Domain) -> None:
    assert not baselines(domain, TRAIN, [], 100, 1).measured["majority"]
    assert baselines(domain, [], ITEMS, 100, 1).measured == {}
