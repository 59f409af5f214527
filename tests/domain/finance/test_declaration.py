"""What a market declares: metrics and labels follow from the tasks that are asked."""

import pytest

from r1tailor import config
from r1tailor.domain.finance.declaration import DECLARATION
from r1tailor.domain.finance.settings import FinanceDomain
from r1tailor.domain.finance.words import ENGLISH


def _section(*overrides: str) -> FinanceDomain:
    section = config.load(["domain=finance", "evaluation=split", "domain.goals=[]", *overrides]).domain
    assert isinstance(section, FinanceDomain)
    return section


@pytest.mark.parametrize(
    ("tasks", "coverage", "record"),
    [("trend", False, False), ("allocation", True, False), ("risk", True, True)],
)
def test_only_what_is_asked_is_measured(tasks: str, coverage: bool, record: bool) -> None:
    names = {metric.name for metric in DECLARATION.measured(_section(f"domain.task.tasks=[{tasks}]"))}
    assert {f"{tasks}_accuracy", f"{tasks}_accuracy_ranked"} <= names
    assert ("risk_vocabulary_coverage" in names) == coverage
    assert ("warning_recall" in names) == ("portfolio_sharpe" in names) == record
    assert names <= {metric.name for metric in DECLARATION.metrics}


def test_labels_follow_the_order_of_the_tasks() -> None:
    section = _section("domain.task.tasks=[risk,trend]")
    assert DECLARATION.labels(section) == (*ENGLISH.labels["risk"], *ENGLISH.labels["trend"])


def test_each_task_has_a_free_and_a_ranked_accuracy() -> None:
    metrics = {metric.name: metric for metric in DECLARATION.metrics}
    for task in ENGLISH.labels:
        free = metrics[f"{task}_accuracy"]
        assert free.ranked == f"{task}_accuracy_ranked"
        assert free.constant_answer
        assert free.ranked in metrics
    assert len(metrics) == len(DECLARATION.metrics)


def test_what_is_trained_next_to_a_market_is_its_text() -> None:
    composed = config.load(["domain=finance", "evaluation=split"])
    assert list(DECLARATION.variants(composed)) == ["text"]
