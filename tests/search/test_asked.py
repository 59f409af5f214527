"""The settings of a search."""

from typing import Any

import pytest

from r1tailor.errors import ConfigError
from r1tailor.search.asked import asked_of

GIVEN: dict[str, Any] = {"n_trials": 4, "n_jobs": 2, "minimize": [], "maximize": [], "sampler": "tpe", "seed": 1}


def test_without_an_objective_it_is_the_validation_loss() -> None:
    assert asked_of(GIVEN).objectives == {"validation_loss": "minimize"}
    both = asked_of(GIVEN | {"minimize": ["seconds"], "maximize": ["f1"]})
    assert both.objectives == {"seconds": "minimize", "f1": "maximize"}


def test_every_fault_is_told_at_once() -> None:
    faulty = {"n_trials": 0, "n_jobs": -1, "sampler": "randm", "minimize": ["f1"], "maximize": ["f1"]}
    with pytest.raises(ConfigError) as refused:
        asked_of(GIVEN | faulty)
    assert refused.value.faults == [
        "hydra.sweeper.n_trials = 0: must be greater than 0",
        "hydra.sweeper.n_jobs = -1: must be greater than 0",
        "hydra.sweeper.sampler = 'randm': must be one of tpe, random. Did you mean random?",
        "hydra.sweeper.minimize and maximize both name f1",
    ]
