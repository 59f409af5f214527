"""Every metric by name agrees with an outside reference, and scores any domain whose task names it."""

import math
from collections.abc import Sequence

import pytest
from pydantic import TypeAdapter
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer
from torchmetrics.functional.text import squad

from r1tailor import config
from r1tailor.domain.answers import items_in
from r1tailor.domain.named_metrics import NAMED, Answered, rouge_l, score
from r1tailor.errors import ConfigError
from r1tailor.records import Example, Prediction
from r1tailor.schema.metrics import ListMetric, NamedMetric, NumberMetric
from tests.support.made_examples import generic_domain

NAMES = ("exact", "normalised", "label_accuracy", "macro_f1", "choice_letter", "number", "list_f1", "json_fields")
NAMES += ("contains", "regex", "chrf", "rouge_l", "coverage", "length", "tool_calls", "tool_names")


_METRIC: TypeAdapter[NamedMetric] = TypeAdapter(NamedMetric)


def _scores(reference: str, answer: str, entry: object, entities: Sequence[str] = ()) -> dict[str, float]:
    return score([_METRIC.validate_python(entry)], Answered(reference, answer, (), entities))


def test_every_name_has_a_metric_and_its_description() -> None:
    assert {metric.name for metric in NAMED} == set(NAMES)
    assert all(metric.description for metric in NAMED)


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("the Eiffel Tower", "Eiffel tower!"),
        ("Denver Broncos", "The Denver Broncos."),
        ("Denver Broncos", "Carolina Panthers"),
        ("a cat", "an cat"),
        ("Santa Clara, California", "santa clara california"),
    ],
)
def test_normalised_is_the_exact_match_of_squad(reference: str, answer: str) -> None:
    asked = {"answers": {"answer_start": [0], "text": [reference]}, "id": "1"}
    outside = squad([{"prediction_text": answer, "id": "1"}], [asked])["exact_match"]
    assert _scores(reference, answer, "normalised")["normalised"] == float(outside) / 100


def test_normalised_keeps_apart_what_squad_does_not() -> None:
    assert _scores("-5", "5", "normalised") == _scores("3.5", "35", "normalised") == {"normalised": 0.0}


def test_exact_ignores_case_and_white_space_alone() -> None:
    assert _scores("New York", "new\n york", "exact") == {"exact": 1.0}
    assert _scores("New York", "New York.", "exact") == {"exact": 0.0}


@pytest.mark.parametrize(("reference", "answer"), [(100.0, 100.4), (100.0, 100.6), (0.0, 0.4), (1e6, 1.0001e6)])
def test_numbers_are_close_as_in_pythons_math(reference: float, answer: float) -> None:
    for tolerance, relative in ((0.5, 0.0), (0.0, 0.005), (0.5, 0.005), (0.0, 0.0)):
        metric = NumberMetric(name="number", tolerance=tolerance, relative=relative)
        found = score([metric], Answered(f"it is {reference}", f"so {answer}"))
        close = math.isclose(reference, answer, abs_tol=tolerance, rel_tol=relative)
        assert found == {"number": float(close)}
    assert _scores("none", "5", "number") == {}
    assert _scores("5", "none", "number") == {"number": 0.0}


def test_list_f1_is_that_of_scikit_learn() -> None:
    pairs = [("aspirin, ibuprofen", "ibuprofen"), ("a; b; c", "c, B, d"), ("a", "b"), ("头痛、发热", "发热，咳嗽")]
    separators = ListMetric(name="list_f1").separators
    wanted, given = ([items_in(text, separators) for text in texts] for texts in zip(*pairs, strict=True))
    binary = MultiLabelBinarizer().fit([*wanted, *given])
    outside = f1_score(binary.transform(wanted), binary.transform(given), average="samples", zero_division=0)
    ours = [_scores(reference, answer, "list_f1")["list_f1"] for reference, answer in pairs]
    assert sum(ours) / len(ours) == pytest.approx(outside)


def test_rouge_l_is_that_of_lin_2004() -> None:
    reference = ["police", "killed", "the", "gunman"]
    assert rouge_l(reference, ["police", "kill", "the", "gunman"]) == 0.75  # section 3.1: S2
    assert rouge_l(reference, ["the", "gunman", "kill", "police"]) == 0.5  # S3
    assert rouge_l(reference, ["the", "gunman", "police", "killed"]) == 0.5  # S4
    assert rouge_l([], ["a"]) == rouge_l(["a"], []) == 0.0
    assert rouge_l(["a", "b", "c"], ["a"]) == pytest.approx(2 * 1 * (1 / 3) / (1 + 1 / 3))  # F1 of P = 1, R = 1/3


def test_json_fields_contains_and_regex() -> None:
    reference = '{"dose": 5, "unit": "mg", "given": true}'
    answer = 'Sure: {"dose": 5.0, "unit": "MG", "given": 1, "more": 0}'
    assert _scores(reference, answer, "json_fields") == {"json_fields": pytest.approx(2 / 3)}
    assert _scores(reference, answer, {"name": "json_fields", "fields": ["given"]}) == {"json_fields": 0.0}
    assert _scores(reference, "no JSON", "json_fields") == {"json_fields": 0.0}
    assert _scores("no JSON", answer, "json_fields") == {}
    assert _scores("hold", "please HOLD now", "contains") == {"contains": 1.0}
    assert _scores("hold", "household", "contains") == {"contains": 0.0}
    assert _scores("x", "see a doctor", {"name": "contains", "text": "doctor"}) == {"contains": 1.0}
    pattern = {"name": "regex", "pattern": r"#### (\d+)", "called": "final"}  # the answers of GSM8K end so
    assert _scores("so #### 42", "#### 41 no #### 42", pattern) == {"final": 1.0}
    assert _scores("so #### 42", "42", pattern) == {"final": 0.0}
    assert _scores("x", "[1] says", {"name": "regex", "pattern": r"\[\d\]"}) == {"regex": 1.0}


def test_coverage_counts_words_and_is_not_measured_without_entities() -> None:
    assert _scores("x", "He has an appendix", "coverage", entities=["append", "appendix"]) == {"coverage": 0.5}
    assert _scores("x", "y", "coverage") == {}
    assert _scores("x", "two words, 两字", "length") == {"length": 4.0}


def test_any_domain_is_scored_by_the_metrics_that_its_task_names() -> None:
    listed = "+domain.task.metrics=[label_accuracy,choice_letter,exact,{name: number, called: figure}]"
    domain = generic_domain([], listed, "domain.task.labels=[A,B]")
    example = Example("e", "", "x", " b\n", fields={"entities": []})
    scores = domain.scores(example, Prediction("e", "<think>A 3</think>The answer is B.", 0.0, 1, "B"))
    assert scores == {
        "exact": 0.0,
        "exact_match": 0.0,
        "choice_letter": 1.0,
        "label_accuracy": 1.0,
        "label_accuracy_ranked": 1.0,
    }
    names = [metric.name for metric in domain.metrics]
    assert len(names) == len(set(names))
    assert {"figure", "exact", "label_accuracy"} <= set(names)


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        (["+domain.task.metrics=[exactly]"], "exact"),
        (["+domain.task.metrics=[exact,exact]"], "two metrics are called exact"),
        (["+domain.task.metrics=[macro_f1]"], "macro_f1 need the closed set of answers"),
        (["+domain.task.metrics=[{name: regex, pattern: '('}]"], "is no pattern"),
        (["domain.goals=[{metric: exact, at_least: 0.5, why: w}]"], "exact"),
    ],
)
def test_a_metric_that_cannot_be_measured_is_refused(overrides: list[str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        config.load(["domain=generic", "domain.sources.0.path=x", *overrides])


def test_a_goal_may_name_a_metric_of_the_task() -> None:
    goal = "domain.goals=[{metric: figure, at_least: 0.5, why: w}]"
    listed = "+domain.task.metrics=[{name: number, called: figure}]"
    section = config.load(["domain=generic", "domain.sources.0.path=x", listed, goal]).domain
    assert section.goals[0].metric == section.task.metrics[0].key == "figure"
