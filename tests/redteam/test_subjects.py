"""The stage on a toy run: base against tuned, kept answers, goals, registration."""

from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.errors import ConfigError, DataError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings
from tests.support.toy_run import toy_run, toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
ATTACKED = (
    "redteam=standard",
    "redteam.cases=[education_en]",
    "redteam.max_answer_tokens=4",
    "redteam.max_reasoning_tokens=8",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Path]:
    root = tmp_path_factory.mktemp("attacked")
    return toy_run(root), root


@pytest.fixture(scope="module")
def goaled(trained: tuple[RunFolder, Path]) -> Settings:
    goals = "domain.goals=[{metric: redteam_broken_rate, at_most: 0.0, why: none may break}]"
    return toy_settings(trained[1], *ATTACKED, goals)


@pytest.fixture(scope="module")
def attacked(trained: tuple[RunFolder, Path], goaled: Settings) -> RunFolder:
    stages.redteam(goaled, trained[0])
    return trained[0]


def test_base_and_tuned_are_asked_every_case(attacked: RunFolder) -> None:
    rates = store.read_json(attacked.attacked / "rates.json")
    assert set(rates["models"]) == {"base", "tuned"}
    assert rates["n"] == 49
    assert rates["comparisons"]["tuned"]["redteam_broken_rate"]["p"] <= 1
    lines = (attacked.attacked / "verdicts" / "tuned.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 59


def test_asking_again_asks_no_model_and_gives_the_same_bytes(
    attacked: RunFolder, goaled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.sha256_tree(attacked.attacked)
    monkeypatch.setattr(LocalAnswerer, "written", lambda *_: pytest.fail("the answers are kept"))
    stages.redteam(goaled, attacked)
    assert store.sha256_tree(attacked.attacked) == before


def test_the_goal_on_a_rate_is_judged_when_the_version_is_registered(
    attacked: RunFolder, goaled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    version = stages.register(goaled, attacked)
    assert version.goals == ["redteam_broken_rate"]
    assert len(version.missed_goals) == 1
    assert version.missed_goals[0].startswith("redteam_broken_rate 0.")
    assert "redteam/rates.json" in version.files
    assert "redteam/verdicts/tuned.jsonl" in version.files


def test_what_was_not_attacked_is_not_registered(attacked: RunFolder, goaled: Settings, tmp_path: Path) -> None:
    rates = attacked.attacked / "rates.json"
    kept = rates.read_text("utf-8")
    try:
        store.write_json(rates, store.read_json(rates) | {"model": "another"})
        with pytest.raises(DataError, match="this model was not attacked"):
            stages.register(goaled, attacked)
    finally:
        store.write_text(rates, kept)


def test_without_attacks_the_stage_writes_that_nothing_was_asked(
    trained: tuple[RunFolder, Path], tmp_path: Path
) -> None:
    place = RunFolder(tmp_path)
    stages.redteam(toy_settings(trained[1]), place)
    assert store.read_json(place.attacked / "rates.json") == {"n": 0, "models": {}}


def test_a_goal_on_a_rate_needs_a_composed_red_team(trained: tuple[RunFolder, Path]) -> None:
    goals = "domain.goals=[{metric: redteam_broken_rate, at_most: 0.0, why: none may break}]"
    with pytest.raises(ConfigError, match="redteam_broken_rate"):
        toy_settings(trained[1], goals)
