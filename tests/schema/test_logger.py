"""Loggers: the classes that may be named, and what may stand in their arguments."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema import logger
from r1tailor.schema.logger import LOGGERS, Logger

PLACES = {"folder": "/f", "root": "/r", "run": "a-1", "phase": "1-all", "id": "0f"}


@pytest.mark.parametrize("option", ["tensorboard", "csv", "mlflow", "wandb", "swanlab", "dvclive"])
def test_the_class_of_an_option_is_allowed_and_its_places_are_filled(option: str) -> None:
    settings = config.load([f"logger={option}"]).logger
    assert settings.target in LOGGERS
    assert "{" not in str(list(settings.filled(PLACES).values())).replace("{'", "")


def test_places_are_filled_at_any_depth_and_nothing_else_is() -> None:
    given = {"a": "{root}/x-{run}", "b": [{"c": "{id}"}, 1, True], "d": None}
    made = Logger.model_validate({"_target_": None, "arguments": given})
    assert made.filled(PLACES) == {"a": "/r/x-a-1", "b": [{"c": "0f"}, 1, True], "d": None}


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("logger._target_=os.system", "_target_ = 'os.system' is not allowed; a logger is one of lightning.pytorch"),
        ("logger._target_=lightning.pytorch.loggers.CometLogger", "is not allowed"),
        ("logger.arguments.name='{home}'", "arguments: {home} is not known; a text may hold {folder}, {root}"),
        ("logger.arguments.name='{}'", "arguments: {} is not known"),
    ],
)
def test_another_class_or_place_is_refused(override: str, fault: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config.load([override])
    assert fault in str(refused.value)
    assert "logger=tensorboard (conf/logger/tensorboard.yaml)" in str(refused.value)


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "find_spec", lambda module: None if module == "mlflow" else object())
    asked = config.load(["logger=mlflow"]).logger
    assert asked.missing() == 'logger: mlflow is not installed. Install it: pip install "r1-tailor[mlflow]"'
    assert config.load([]).logger.missing() is None
    assert config.load(["logger=none"]).logger.missing() is None
