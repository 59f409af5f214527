"""Where the curves of training are logged (``training/loggers.py``)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pydantic import Field, model_validator

from r1tailor.schema.base import Section


@dataclass(frozen=True)
class Tracker:
    """What a logger class needs: the module that must be installed, and how it is installed."""

    module: str
    install: str


LOGGERS = {
    "lightning.pytorch.loggers.TensorBoardLogger": Tracker("tensorboard", "tensorboard"),
    "lightning.pytorch.loggers.CSVLogger": Tracker("lightning", "lightning"),
    "lightning.pytorch.loggers.MLFlowLogger": Tracker("mlflow", '"r1-tailor[mlflow]"'),
    "lightning.pytorch.loggers.WandbLogger": Tracker("wandb", "wandb"),
    "swanlab.integration.pytorch_lightning.SwanLabLogger": Tracker("swanlab", "swanlab"),
    "dvclive.lightning.DVCLiveLogger": Tracker("dvclive", '"r1-tailor[dvclive]"'),
}
PLACES = ("folder", "root", "run", "phase", "id")
_PLACE = re.compile(r"\{(\w*)\}")


class Logger(Section):
    """A logger class of Lightning's (an open, third-party set) and its arguments.

    Settings and numbers are logged, never a text of the domain.
    """

    target: str | None = Field(
        alias="_target_",
        description="Import path of the class: Lightning's own for TensorBoard, CSV, MLflow or Weights & Biases, "
        "SwanLab's, DVCLive's; `null` logs nothing.",
    )
    arguments: dict[str, Any] = Field(
        description="Arguments of the class, by name. In a text, `{folder}` stands for the folder of the phase, "
        "`{root}` for the project's, `{run}` for the run's name, `{phase}` for the phase's, `{id}` for an id that a "
        "resumed run keeps.",
    )

    @model_validator(mode="after")
    def _is_allowed(self) -> "Logger":
        if self.target is not None and self.target not in LOGGERS:
            raise ValueError(
                f"_target_ = {self.target[:200]!r} is not allowed; a logger is one of {', '.join(LOGGERS)}"
            )
        unknown = [name for text in _texts(self.arguments) for name in _PLACE.findall(text) if name not in PLACES]
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACES)
            raise ValueError(f"arguments: {{{unknown[0]}}} is not known; a text may hold {known}")
        return self

    def missing(self) -> str | None:
        """Return what to install where the class's package is missing; nothing is imported."""
        tracker = LOGGERS.get(self.target or "")
        if tracker is None or find_spec(tracker.module) is not None:
            return None
        return f"logger: {tracker.module} is not installed. Install it: pip install {tracker.install}"

    def filled(self, places: dict[str, str]) -> dict[str, Any]:
        """Return the arguments with a value in each place.

        Args:
            places: by each of ``PLACES``.
        """

        def fill(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, str):
                return _PLACE.sub(lambda found: places[found[1]], value)
            if isinstance(value, dict):
                return {key: fill(inner) for key, inner in value.items()}
            return [fill(inner) for inner in value] if isinstance(value, list) else value

        return {key: fill(value) for key, value in self.arguments.items()}


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
