"""How models are measured: settings that cannot be meant are refused."""

from pathlib import Path

import pytest
import yaml

from r1tailor import config
from tests.support.refusals import faults_of

SPLIT = "evaluation=split (conf/evaluation/split.yaml)"

REFUSED: list[tuple[str, list[str]]] = [
    ("evaluation.confidence=0.5", [f"evaluation.confidence = 0.5: must be greater than 0.5 ({SPLIT})"]),
    ("evaluation.max_items=1", [f"evaluation.max_items = 1: must be greater than 1 ({SPLIT})"]),
    (
        "evaluation.samples=4",
        [f"evaluation: samples = 4 at temperature = 0 would be the same answer each time ({SPLIT})"],
    ),
    (
        "evaluation.on_truncation=guess",
        ["evaluation.on_truncation = 'guess': must be one of wrong, close."],
    ),
    ("evaluation.max_answer_tokens=0", [f"evaluation.max_answer_tokens = 0: must be greater than 0 ({SPLIT})"]),
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


def test_the_one_budget_of_earlier_releases_is_read_as_both(tmp_path: Path) -> None:
    values = yaml.safe_load(config.params_text())
    for key in ("max_answer_tokens", "max_reasoning_tokens", "on_truncation", "rank_after", "samples", "temperature"):
        del values["evaluation"][key]
    values["evaluation"]["max_new_tokens"] = 160
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    found = config.load_params(tmp_path / "config.yaml").evaluation
    assert (found.max_answer_tokens, found.max_reasoning_tokens) == (160, 160)
    assert (found.on_truncation, found.rank_after, found.samples, found.temperature) == ("wrong", "reasoning", 1, 0.0)
