"""How models are measured: per item, as an early warning, as a portfolio, fold by fold (``evaluation/``)."""

from typing import Annotated

from pydantic import Field, model_validator

from r1tailor.schema.base import Section


class EarlyWarning(Section):
    """What counts as a warning of a crisis (``evaluation/market/early_warning.py``); read where a domain knows crises.

    A warning is good from ``horizon_days`` to ``gap_days`` before the onset; after one, signals are the same warning
    for ``cooldown_days`` (all in trading days). ``theta`` is how much a missed crisis weighs against a false alarm, in
    (0, 1). Thresholds are chosen on ``calibration_items`` risk items from before the test. ``random_seeds`` is how
    many random baselines stand behind the mean and its band.
    """

    horizon_days: Annotated[int, Field(gt=0)]
    gap_days: Annotated[int, Field(gt=0)]
    cooldown_days: Annotated[int, Field(ge=0)]
    theta: Annotated[float, Field(gt=0, lt=1)]
    calibration_items: Annotated[int, Field(ge=20)]
    random_seeds: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _leaves_a_window(self) -> "EarlyWarning":
        if self.gap_days > self.horizon_days:
            raise ValueError("gap_days must not exceed horizon_days, or no day is left on which a warning is good")
        return self


class Portfolio(Section):
    """The risk-off overlay that follows the warnings (``evaluation/market/portfolio.py``).

    ``cost_basis_points`` is paid on what is traded; ``block_days`` is the mean length of a bootstrap block (trading
    days).
    """

    cost_basis_points: Annotated[float, Field(ge=0, lt=1000)]
    block_days: Annotated[int, Field(gt=0)]


class WalkForward(Section):
    """Folds of ``test_years`` from ``first_test`` on, each trained on all that lies before it.

    The ``validation_years`` right before a fold's test are its validation (``evaluation/market/walk_forward.py``).
    """

    first_test: Annotated[int, Field(ge=1900, le=2200)]
    test_years: Annotated[int, Field(gt=0)]
    validation_years: Annotated[int, Field(gt=0)]


class Evaluation(Section):
    """How base and tuned model are measured on the same held-out items.

    ``ablate_text`` also trains without temporal tokens, the numbers as text, where examples carry a series.
    """

    max_items: Annotated[int, Field(gt=1)]
    batch_size: Annotated[int, Field(gt=0)]
    max_new_tokens: Annotated[int, Field(gt=0)]
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    ablate_text: bool
    warning: EarlyWarning
    portfolio: Portfolio
    walk_forward: WalkForward | None
