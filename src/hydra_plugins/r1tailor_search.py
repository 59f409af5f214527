"""Hydra's plug-in ``hydra/sweeper=optuna``: the settings of ``r1tailor.search``. Hydra imports it at every start."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class OptunaConf:
    """Settings of the search.

    Attributes:
        n_trials: jobs in all, those of an interrupted search included.
        n_jobs: jobs that are drawn and launched together.
        minimize: what is made as small as can be; with no objective at all the validation loss.
        maximize: what is made as large as can be.
        sampler: ``tpe`` or ``random``.
        seed: of the sampler.
        prune: whether a job that falls behind at its validations ends early.
    """

    _target_: str = "hydra_plugins.r1tailor_search.OptunaSweeper"
    n_trials: int = 20
    n_jobs: int = 1
    minimize: list[str] = field(default_factory=list)
    maximize: list[str] = field(default_factory=list)
    sampler: str = "tpe"
    seed: int = 1
    prune: bool = True


ConfigStore.instance().store(group="hydra/sweeper", name="optuna", node=OptunaConf, provider="r1tailor")


class OptunaSweeper(Sweeper):
    """Draws the jobs of a sweep with Optuna; any of Hydra's launchers runs them."""

    def __init__(self, **asked: Any) -> None:  # noqa: ANN401
        self._asked = asked
        self._context: HydraContext | None = None
        self._config: DictConfig | None = None
        self._launcher: Launcher | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra composed, and make the launcher."""
        self._context, self._config = hydra_context, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run the search.

        Raises:
            ConfigError: Optuna is missing, or a setting of the search is faulty.
        """
        from r1tailor.search.sweeper import search

        assert self._context is not None
        assert self._config is not None
        assert self._launcher is not None
        search(self._asked, arguments, self._config, self._context, self._launcher)
