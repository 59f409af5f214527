"""The folds in time that the examples reach."""

from r1tailor.domain.finance import variants
from r1tailor.domain.finance.variants import Fold
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings


def folds(settings: Settings, last: str) -> list[Fold]:
    """Return the folds of a walk-forward.

    Args:
        settings: the composition; without ``evaluation.walk_forward`` there are none.
        last: the latest date (ISO) of any example.

    Raises:
        ConfigError: see ``domain.finance.variants.folds``; or the tests of a fold begin after that date.
    """
    found = variants.folds(settings)
    walk = settings.evaluation.walk_forward
    for key, fold in zip(("first_test", "last_test"), found[:1] + found[-1:], strict=False):
        if fold.test > last:
            raise ConfigError([f"evaluation.walk_forward.{key} = {getattr(walk, key)}: the examples end on {last}"])
    return found
