"""The section: nothing is asked by default, names are unique, goals may name what is measured."""

from pathlib import Path

import pytest
import yaml

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.ability import Ability
from r1tailor.store import write_text

GOAL = "domain.goals=[{metric: ability_zh_change_low, at_least: -0.05, why: w}]"


def test_nothing_is_asked_by_default() -> None:
    assert config.load([]).ability == Ability()
    assert not Ability().asks
    assert Ability().metrics == ()


def test_the_full_set_has_500_questions_in_each_language_and_its_metrics_can_be_goals() -> None:
    full = config.load(["ability=full", GOAL]).ability
    counted = {"en": 0, "zh": 0}
    for one in full.every:
        counted[one.language] += one.items
    assert counted == {"en": 500, "zh": 500}
    assert {"ability", "ability_en", "ability_mmlu", "ability_change_low", "ability_zh_change_low"} <= set(full.metrics)


def test_a_goal_on_what_is_not_measured_is_refused() -> None:
    with pytest.raises(ConfigError, match="ability_zh_change_low"):
        config.load([GOAL])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("ability.margin=0", r"ability\.margin = 0"),
        ("ability.most_of_a_set=0", r"ability\.most_of_a_set = 0"),
        ("ability.questions_sha256=abc", r"ability\.questions_sha256"),
        ("ability.sets.0.name=zh", "zh: a set needs a name of its own, none of en, zh"),
        ("ability.sets.0.name=medqa", "medqa: a set needs a name of its own"),
        ("ability.sets.0.name=a_low", "a_low: a set needs a name of its own"),
        ("ability.sets.0.reader=csv", r"ability\.sets\.0\.reader = .csv.: must be one of"),
    ],
)
def test_a_bad_value_is_refused_by_its_key(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.load(["ability=full", override])


def test_an_earlier_composition_without_the_section_asks_nothing(tmp_path: Path) -> None:
    values = yaml.safe_load(config.as_yaml(config.load([])))
    del values["ability"]
    path = tmp_path / "config.yaml"
    write_text(path, yaml.safe_dump(values, allow_unicode=True))
    assert config.load_params(path).ability == Ability()
