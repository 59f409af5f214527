"""The headline file is small, and holds what decides."""

from r1tailor.report.compact import figures
from tests.support.finished import finished


def test_headline_metrics_gains_goals_and_rates() -> None:
    found = figures(finished())
    assert found == {
        "label_accuracy": {"tuned": 0.7, "gain": 0.4},
        "goals": {"met": 1, "of": 1},
        "redteam_broken_rate": 0.4,
        "ability": 0.49,
        "best_validation_loss": 1.5,
    }


def test_what_was_not_measured_is_not_there() -> None:
    assert figures(finished(bare=True)).keys() == {"label_accuracy", "goals", "best_validation_loss"}
