"""How models are measured: settings that cannot be meant are refused."""

import pytest

from tests.support.refusals import faults_of

SPLIT = "evaluation=split (conf/evaluation/split.yaml)"

REFUSED: list[tuple[str, list[str]]] = [
    ("evaluation.confidence=0.5", [f"evaluation.confidence = 0.5: must be greater than 0.5 ({SPLIT})"]),
    ("evaluation.max_items=1", [f"evaluation.max_items = 1: must be greater than 1 ({SPLIT})"]),
    (
        "evaluation.warning.gap_days=64",
        [
            "evaluation.warning: gap_days must not exceed horizon_days, or no day is left on which a warning is good "
            f"({SPLIT})"
        ],
    ),
    (
        "evaluation.portfolio.cost_basis_points=-1",
        [f"evaluation.portfolio.cost_basis_points = -1: must be greater than or equal to 0 ({SPLIT})"],
    ),
    (
        "domain=finance evaluation=walk_forward evaluation.walk_forward.last_test=1990",
        [
            "evaluation.walk_forward: last_test must not lie before first_test, or there is no fold "
            "(evaluation=walk_forward (conf/evaluation/walk_forward.yaml))"
        ],
    ),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults
