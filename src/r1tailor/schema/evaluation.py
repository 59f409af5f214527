"""How models are measured: per item, as an early warning, as a portfolio, fold by fold (``evaluation/``)."""

from typing import Any, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Name
from r1tailor.schema.base import Section


class EarlyWarning(Section):
    """What counts as a warning of a crisis (``evaluation/market/early_warning.py``)."""

    horizon_days: int = Field(gt=0, description="Earliest day of a good warning: trading days before a crisis begins.")
    gap_days: int = Field(gt=0, description="Latest day of a good warning: trading days before a crisis begins.")
    cooldown_days: int = Field(
        ge=0, description="Trading days after a warning in which further signals count as the same warning."
    )
    theta: float = Field(
        gt=0, lt=1, description="Weight of a missed crisis against a false alarm; at 0.5 both count the same."
    )
    false_rate: float = Field(
        default=0.10,
        gt=0,
        lt=1,
        description="Share of the quiet days before the test with a false signal, at which the share of crises caught "
        "is stated (`warning_recall_at_rate`).",
    )
    calibration_items: int = Field(
        ge=20, description="Risk items from before the test on which the alarm thresholds are chosen."
    )
    random_seeds: int = Field(
        ge=2, description="Random alarms at the same rate that the baseline's mean and band are computed from."
    )

    @model_validator(mode="after")
    def _leaves_a_window(self) -> "EarlyWarning":
        if self.gap_days > self.horizon_days:
            raise ValueError("gap_days must not exceed horizon_days, or no day is left on which a warning is good")
        return self


class Portfolio(Section):
    """The portfolio that leaves the market on warnings (``evaluation/market/portfolio.py``)."""

    cost_basis_points: float = Field(ge=0, lt=1000, description="Cost of trading, in basis points of what is traded.")
    block_days: int = Field(gt=0, description="Mean length of a bootstrap block, in trading days.")


class WalkForward(Section):
    """Folds in time, each trained on everything before it (``domain/finance/variants.py``)."""

    first_test: int = Field(ge=1900, le=2200, description="Year in which the test of the first fold begins.")
    last_test: int = Field(ge=1900, le=2200, description="Year after which no fold's test begins.")
    test_years: int = Field(gt=0, description="Years that each fold is tested on; the next fold's test follows.")
    validation_years: int = Field(gt=0, description="Years right before a fold's test that are its validation part.")

    @model_validator(mode="after")
    def _has_a_fold(self) -> "WalkForward":
        if self.last_test < self.first_test:
            raise ValueError("last_test must not lie before first_test, or there is no fold")
        return self


class Evaluation(Section):
    """How the base and the tuned model are measured on the same held-out items."""

    max_items: int = Field(gt=1, description="Held-out items that every model answers, at most.")
    batch_size: int = Field(gt=0, description="Answers that are written together, at most; memory may allow fewer.")
    max_reasoning_tokens: int = Field(
        gt=0, description="Longest block of reasoning before an answer, in tokens; models that do not think have none."
    )
    max_answer_tokens: int = Field(gt=0, description="Longest answer, in tokens, without the reasoning before it.")
    on_truncation: Literal["wrong", "close"] = Field(
        default="wrong",
        description="What a block of reasoning that does not end within its budget does: `wrong`, the item has no "
        "answer; `close`, the block is closed and the answer asked for. Both are counted as truncated.",
    )
    rank_after: Literal["reasoning", "empty"] = Field(
        default="reasoning",
        description="Where the template opens a block of reasoning, labels are ranked after the block that the model "
        "writes, or after an empty one.",
    )
    samples: int = Field(
        default=1, ge=1, le=256, description="Answers to each held-out item; scores are their mean, and their majority."
    )
    temperature: float = Field(default=0.0, ge=0, le=10, description="Of the draws; 0 takes the likeliest token.")
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="Draws are from the smallest set of tokens with this probability."
    )
    plain_baselines: int = Field(
        default=5000,
        ge=0,
        description="Training examples that plain baselines compare (nearest example, logistic regression), at most; "
        "0 leaves only the most frequent answer.",
    )
    resamples: int = Field(ge=100, description="Bootstrap and permutation resamples.")
    confidence: float = Field(gt=0.5, lt=1, description="Level of the confidence intervals, such as 0.95.")
    variants: tuple[Name, ...] = Field(
        strict=False,
        description="Models trained next to the run's own for comparison, by the names that the domain offers.",
    )
    warning: EarlyWarning = Field(description="What counts as a warning of a crisis.")
    portfolio: Portfolio = Field(description="The portfolio that follows the warnings.")
    walk_forward: WalkForward | None = Field(description="Folds in time; null evaluates the one split alone.")

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_release(cls, values: Any) -> Any:  # noqa: ANN401 - whatever was composed
        """Read the one budget of earlier releases as that of reasoning and that of the answer."""
        if isinstance(values, dict) and "max_new_tokens" in values and "max_answer_tokens" not in values:
            budget = values["max_new_tokens"]
            both = {"max_answer_tokens": budget, "max_reasoning_tokens": values.get("max_reasoning_tokens", budget)}
            return {key: value for key, value in values.items() if key != "max_new_tokens"} | both
        return values

    @model_validator(mode="after")
    def _draws_differ(self) -> "Evaluation":
        if self.temperature == 0 and self.samples > 1:
            raise ValueError(f"samples = {self.samples} at temperature = 0 would be the same answer each time")
        return self
