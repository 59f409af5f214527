"""Phases follow one another and fill the run; what cannot be meant is refused."""

import re
from collections.abc import Callable, Sequence

import pytest

from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings
from tests.curriculum.test_step_schedule import composed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{2-volatility: {after: train/3-risk/model}}", "must be train/1-trend/model, where it starts from"),
        ("{1-trend: {after: elsewhere}}", "must be instruct/train.jsonl, where it starts from"),
        ("{1-trend: {replay: 0.1}}", "phases.1-trend.replay: must be 0: no phase is before it"),
        ("{1-trend: {share: 0.5}}", "the shares of phases add up to 1.3: must be 1"),
        ("{1-trend: {epochs: 1}}", "give share .of the run's steps. or epochs"),
        ("{1-trend: {share: null}}", "give share .of the run's steps. or epochs"),
        ("{5-more: ${curriculum.phases.2-volatility}}", "phases.5-more.after"),
        ("{1-trend: {take: {kind: by_value, field: task, valuez: [x]}}}", "valuez is not a setting of"),
        ("{1-trend: {replai: 0}}", "curriculum.phases.1-trend.replai is not a setting of .*Did you mean"),
        ("{Trend: {replay: 0.0}}", "Trend"),
    ],
)
def test_phases_that_do_not_follow_one_another_are_refused(change: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed("curriculum=by_task", f"curriculum.phases={change}")
    assert re.search(said, str(caught.value))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("curriculum=by_task", "curriculum.final=1-trend"), "final = '1-trend': must be 4-allocation, the last"),
        (("curriculum=competence", "curriculum.difficulty.by=task"), "tasks must list the tasks from easy to hard"),
        (("curriculum=competence", "curriculum.difficulty.by=loses"), "Did you mean loss?"),
        (("curriculum.phases={2-more: {pool: 1}}",), "curriculum.phases.2-more is not a setting of"),
        (("curriculum.final=2-more",), "must be one of 1-all"),
    ],
)
def test_faults_of_a_curriculum_are_said(overrides: Sequence[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed(*overrides)
    assert said in str(caught.value)


def test_one_setting_of_one_phase_can_be_changed_from_the_command_line(settings: Callable[..., Settings]) -> None:
    changed = settings("curriculum=by_task", "curriculum.phases={3-risk: {replay: 0.5}}").curriculum
    assert [phase.replay for phase in changed.phases.values()] == [0.0, 0.25, 0.5, 0.25]  # type: ignore[union-attr]
    assert changed.keys == ("1-trend", "2-volatility", "3-risk", "4-allocation")
