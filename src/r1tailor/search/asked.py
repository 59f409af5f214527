"""What is asked of a search: the settings of ``hydra.sweeper``, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from r1tailor.config_messages import did_you_mean
from r1tailor.errors import ConfigError

SAMPLERS = ("tpe", "random")
Way = Literal["minimize", "maximize"]
LOSS = "validation_loss"


@dataclass(frozen=True)
class Asked:
    """The settings of a search.

    Attributes:
        n_trials: jobs in all.
        n_jobs: jobs that are launched together.
        objectives: name -> ``minimize`` or ``maximize``.
        sampler: one of ``SAMPLERS``.
        seed: of the sampler.
    """

    n_trials: int
    n_jobs: int
    objectives: Mapping[str, Way]
    sampler: str
    seed: int


def asked_of(given: Mapping[str, Any]) -> Asked:
    """Return the settings of a search.

    Raises:
        ConfigError: with every fault found.
    """
    faults = [
        f"hydra.sweeper.{key} = {given[key]}: must be greater than 0"
        for key in ("n_trials", "n_jobs")
        if given[key] < 1
    ]
    if (sampler := given["sampler"]) not in SAMPLERS:
        meant = did_you_mean(sampler, SAMPLERS)
        faults.append(f"hydra.sweeper.sampler = {sampler!r}: must be one of {', '.join(SAMPLERS)}.{meant}")
    if twice := [name for name in given["minimize"] if name in given["maximize"]]:
        faults.append(f"hydra.sweeper.minimize and maximize both name {', '.join(twice)}")
    if faults:
        raise ConfigError(faults)
    objectives: dict[str, Way] = dict.fromkeys(given["minimize"], "minimize")
    objectives |= dict.fromkeys(given["maximize"], "maximize")
    return Asked(given["n_trials"], given["n_jobs"], objectives or {LOSS: "minimize"}, sampler, given["seed"])
