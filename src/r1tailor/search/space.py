"""What an override draws from: ``interval``, ``range`` and ``choice`` of Hydra's grammar as Optuna's distributions.

``tag(log, interval(1e-5, 1e-3))`` draws by the logarithm; ``int(interval(4, 64))`` draws whole numbers.
"""

import math
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna import distributions
from optuna.distributions import BaseDistribution

from r1tailor.errors import ConfigError

Space = dict[str, BaseDistribution]


def divided(overrides: Sequence[Override]) -> tuple[list[str], Space]:
    """Return the overrides that every job has, and what the others draw from by their key as written.

    Raises:
        ConfigError: an override draws from nothing, or nothing is drawn.
    """
    fixed = [
        f"{one.get_key_element()}={one.get_value_element_as_str()}" for one in overrides if not one.is_sweep_override()
    ]
    space = {one.get_key_element(): distribution(one) for one in overrides if one.is_sweep_override()}
    if not space:
        raise ConfigError(["a search needs something to search: give a key several values, or interval(low, high)"])
    return fixed, space


def distribution(override: Override) -> BaseDistribution:
    """Return what one override draws from.

    Raises:
        ConfigError: there is no value in it, or its logarithm does not exist.
    """
    swept: Any = override.value()
    try:
        match swept:
            case IntervalSweep(start=int(low), end=int(high)):
                return distributions.IntDistribution(low, high, log="log" in swept.tags)
            case IntervalSweep(start=float(low), end=float(high)):
                return distributions.FloatDistribution(low, high, log="log" in swept.tags)
            case RangeSweep():
                return _range(swept)
            case _:
                return distributions.CategoricalDistribution([*override.sweep_string_iterator()])
    except ValueError as error:
        raise ConfigError([f"{str(override.input_line).lstrip('+')}: {error}"]) from error


def _range(swept: RangeSweep) -> BaseDistribution:
    """Return a range, whose end is no value of it, as one whose end is."""
    start, stop, step = swept.start or 0, swept.stop or 0, swept.step
    count = math.ceil((stop - start) / step)
    if count < 1:
        raise ValueError("there is no value in it")
    last = start + (count - 1) * step
    if all(isinstance(value, int) for value in (start, stop, step)):
        return distributions.IntDistribution(int(start), int(last), step=int(step))
    return distributions.FloatDistribution(float(start), float(last), step=float(step))


def written(key: str, value: Any) -> str:  # noqa: ANN401
    """Return the override that gives a key the value that was drawn.

    >>> written("++optimizer.lr", 0.0002), written("strategy", "lora")
    ('++optimizer.lr=0.0002', 'strategy=lora')
    """
    return f"{key}={value}"
