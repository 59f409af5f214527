"""Settings of the daily update."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings


def test_a_composition_of_an_earlier_release_takes_the_settings_that_ship(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    whole = settings()
    old = config.as_yaml(whole).partition("\nupdate:\n")[0] + "\n"
    (tmp_path / "config.yaml").write_text(old, encoding="utf-8")
    assert config.load_params(tmp_path / "config.yaml").update == whole.update


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("update.select.policy=lucky", r"update\.select\.policy"),
        ("update.select.self_labelled=1.0", r"update\.select\.self_labelled"),
        ("update.admit.most_of_user=0", r"update\.admit\.most_of_user"),
        ("update.admit.knowledge.samples=1", r"update\.admit\.knowledge\.samples"),
        ("update.prove.alpha=0.7", r"update\.prove\.alpha"),
    ],
)
def test_a_faulty_value_is_named(override: str, said: str, settings: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(override)


def test_something_must_come_in(settings: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match="nothing would ever come in"):
        settings("update.corrections=false", "update.documents=false")


def test_a_candidate_stays_near_the_champion_in_one_way(settings: Callable[..., Settings]) -> None:
    pairs = "update.train.preference={beta: 0.1, supervised: 1.0}"
    assert settings(pairs, "update.train.kl=0").update.train.preference is not None
    with pytest.raises(ConfigError, match=r"kl = 0\.5 and preference: two ways to stay near the champion"):
        settings(pairs, "update.train.kl=0.5")
