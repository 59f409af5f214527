"""The whole composition, and what each stage depends on."""

from collections.abc import Callable

from r1tailor.schema.settings import STAGE_SECTIONS, Settings, stage_settings


def test_every_setting_a_stage_depends_on_exists(settings: Callable[..., Settings]) -> None:
    for key in {key for keys in STAGE_SECTIONS.values() for key in keys}:
        value: object = settings()
        for part in key.removesuffix(".${key}").split("."):
            assert hasattr(value, part), key
            value = getattr(value, part)


def test_every_section_is_tracked_by_a_stage() -> None:
    tracked = {key.partition(".")[0] for keys in STAGE_SECTIONS.values() for key in keys}
    assert tracked == set(Settings.model_fields) - {"resume", "output", "serving", "update", "logger"}


def test_a_stage_is_given_its_own_settings_as_plain_values(settings: Callable[..., Settings]) -> None:
    composed = settings("curriculum=by_task", "seed=7")
    found = stage_settings(composed, "train", "2-volatility")
    assert found["curriculum"].keys() == {"kind", "phases"}
    assert found["curriculum"]["phases"].keys() == {"2-volatility"}
    assert (found["seed"], found["optimizer"]["_target_"]) == (7, composed.optimizer.target)
    assert stage_settings(composed, "inputs") == {}
    goals = [goal.model_dump(mode="json") for goal in composed.domain.goals]
    assert stage_settings(composed, "register") == {"domain": {"goals": goals}}
