"""Optuna's study of a sweep, in SQLite beside its jobs: only the process that draws opens it."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from r1tailor.errors import ConfigError
from r1tailor.report.sweep_page import measured
from r1tailor.search.asked import Asked
from r1tailor.search.space import Space, written

FILE = "search.db"
_NAME = "r1tailor"
_ASKED = "asked"  # what was searched; another search in the same folder is refused
_OVERRIDES = "overrides"


class Study:
    """A search that has begun.

    Args:
        folder: of the sweep.
        asked: its settings.
        fixed: the overrides of every job.
        space: what the others draw from.

    Raises:
        ConfigError: the folder holds another search.
    """

    def __init__(self, folder: Path, asked: Asked, fixed: Sequence[str], space: Space) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._asked, self._fixed, self._space = asked, list(fixed), space
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._study = optuna.create_study(
                storage=f"sqlite:///{folder / FILE}",
                study_name=_NAME,
                directions=list(asked.objectives.values()),
                load_if_exists=True,
            )
            self._study.sampler = self._sampler()
        self._refuse_another()

    @property
    def trials(self) -> list[FrozenTrial]:
        """What was drawn so far, in the order of its jobs."""
        return self._study.get_trials(deepcopy=False)

    def interrupted(self) -> dict[int, list[str]]:
        """Return the overrides of the jobs that an earlier process launched and never told of, by their number."""
        return {one.number: one.user_attrs[_OVERRIDES] for one in self.trials if one.state == TrialState.RUNNING}

    def drawn(self) -> dict[int, list[str]]:
        """Return the number and the overrides of the next jobs; none once there are enough."""
        left = self._asked.n_trials - len(self.trials)
        found: dict[int, list[str]] = {}
        for _ in range(min(left, self._asked.n_jobs)):
            trial = self._study.ask(self._space)
            found[trial.number] = [*self._fixed, *(written(key, value) for key, value in trial.params.items())]
            trial.set_user_attr(_OVERRIDES, found[trial.number])
        return found

    def tell(self, number: int, record: Mapping[str, Any]) -> None:
        """Tell what a job came to.

        Args:
            number: of the job.
            record: its ``run.json``.

        Raises:
            ConfigError: a finished job did not measure an objective.
        """
        match record["status"]:
            case "done":
                found = {name: value for name, value in measured(record).items() if value is not None}
                if missing := [name for name in self._asked.objectives if name not in found]:
                    self._study.tell(number, state=TrialState.FAIL)
                    there = ", ".join(found)
                    fault = f"{', '.join(missing)} was not measured by job {number}; it has {there}"
                    raise ConfigError([f"hydra.sweeper: {fault}"])
                self._study.tell(number, [found[name] for name in self._asked.objectives])
            case "pruned":
                self._study.tell(number, state=TrialState.PRUNED)
            case _:
                self._study.tell(number, state=TrialState.FAIL)

    def summary(self) -> dict[str, Any]:
        """Return what the sweep's page shows of the search: objectives, best jobs, importance of what was searched."""
        done = [one for one in self.trials if one.state == TrialState.COMPLETE]
        names = list(self._asked.objectives)
        return {
            "objectives": dict(self._asked.objectives),
            "sampler": self._asked.sampler,
            "best": [one.number for one in self._study.best_trials] if done else [],
            "importance": {name: self._importance(place) for place, name in enumerate(names) if len(done) > 1},
        }

    def _importance(self, place: int) -> dict[str, float]:
        """Return the share of each key in what an objective varied by (PED-ANOVA, Watanabe et al. 2023)."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = optuna.importance.get_param_importances(self._study, target=lambda one: one.values[place])
        except (ValueError, RuntimeError):  # too few jobs, or all came to the same
            return {}
        return {key.lstrip("+"): round(float(share), 4) for key, share in found.items()}

    def _sampler(self) -> optuna.samplers.BaseSampler:
        seed = self._asked.seed + len(self.trials)  # one that goes on would draw its first values again
        if self._asked.sampler == "random":
            return optuna.samplers.RandomSampler(seed)
        return optuna.samplers.TPESampler(seed=seed, constant_liar=self._asked.n_jobs > 1)

    def _refuse_another(self) -> None:
        now = {
            "objectives": dict(self._asked.objectives),
            "fixed": self._fixed,
            "space": {key: repr(one) for key, one in self._space.items()},
        }
        before = self._study.user_attrs.get(_ASKED, now)
        if before != now:
            differing = ", ".join(name for name in now if before.get(name) != now[name])
            fault = f"hydra.sweep.dir holds another search ({differing} differ): choose another folder for this one"
            raise ConfigError([fault])
        self._study.set_user_attr(_ASKED, now)
