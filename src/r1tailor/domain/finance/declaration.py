"""What a market declares: its settings, closed sets, metrics, and the variants that are trained next to it."""

from collections.abc import Mapping

from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.finance.settings import FinanceDomain, MarketTask
from r1tailor.domain.finance.variants import variants
from r1tailor.schema.settings import Settings

LABELS: dict[MarketTask, tuple[str, ...]] = {
    "trend": ("up", "flat", "down"),
    "volatility": ("calm", "normal", "turbulent"),
    "risk": ("low", "elevated", "high"),
    "allocation": ("hold", "reduce", "exit"),
}
_VOCABULARY = ScoredMetric("risk_vocabulary_coverage", "mean")
_OF_RISK = tuple(  # of the whole record of warnings and portfolio, not of an item
    ScoredMetric(name, "corpus")
    for name in (
        "warning_recall",
        "warning_precision",
        "warning_false_alarms_per_year",
        "warning_median_lead",
        "warning_usefulness",
        "warning_relative_usefulness",
        "portfolio_annual_return",
        "portfolio_sharpe",
        "portfolio_sharpe_above_buy_and_hold",
        "portfolio_deflated_sharpe",
        "portfolio_turnover",
        "portfolio_drawdown",
    )
)


def _accuracies(task: MarketTask) -> tuple[ScoredMetric, ScoredMetric]:
    free, ranked = f"{task}_accuracy", f"{task}_accuracy_ranked"
    return ScoredMetric(free, "proportion", constant_answer=True, ranked=ranked), ScoredMetric(ranked, "proportion")


class _Finance(Declaration):
    def measured(self, section: FinanceDomain) -> tuple[ScoredMetric, ...]:
        """Return the metrics of the tasks that are asked."""
        tasks = section.task.tasks
        found = [metric for task in tasks for metric in _accuracies(task)]
        found += [_VOCABULARY] if {"risk", "allocation"} & set(tasks) else []
        return (*found, *(_OF_RISK if "risk" in tasks else ()))

    def labels(self, section: FinanceDomain) -> tuple[str, ...]:
        """Return the labels of all tasks, in order."""
        return tuple(label for task in section.task.tasks for label in LABELS[task])

    def variants(self, settings: Settings) -> Mapping[str, Settings]:
        """Return the same with numbers as text, and the folds in time."""
        return variants(settings)


DECLARATION = _Finance(
    kind="finance",
    section=FinanceDomain,
    implementation="r1tailor.domain.finance.finance:Finance",
    metrics=(*(metric for task in LABELS for metric in _accuracies(task)), _VOCABULARY, *_OF_RISK),
    evaluation="r1tailor.evaluation.market:evaluate",
)
