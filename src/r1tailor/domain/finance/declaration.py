"""What a market declares: its settings, closed sets, metrics, and the variants that are trained next to it."""

from collections.abc import Mapping

from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.finance.settings import FinanceDomain, MarketTask
from r1tailor.domain.finance.variants import variants
from r1tailor.domain.finance.words import ENGLISH, words_of
from r1tailor.schema.settings import Settings

_VOCABULARY = ScoredMetric(
    "risk_vocabulary_coverage",
    "mean",
    description="Share of the signs of risk present in the window that the answer names.",
)
_OF_RISK = tuple(  # of the whole record of warnings and portfolio, not of an item
    ScoredMetric(name, "corpus", description=description)
    for name, description in {
        "warning_recall": "Crises that were warned of in their window, as a share of all crises.",
        "warning_recall_at_rate": "Crises that were warned of, as a share of all, with a threshold that gave false "
        "signals on `evaluation.warning.false_rate` of the quiet days before the test.",
        "warning_false_alarms_at_rate": "False alarms per year of quiet days of the test, with that threshold.",
        "warning_precision": "Warnings that were followed by a crisis, as a share of all warnings.",
        "warning_false_alarms_per_year": "False alarms per year of quiet days.",
        "warning_median_lead": "Median lead of the first warning of a crisis, in trading days; 0 for a missed one.",
        "warning_usefulness": "Gain over always or never warning, at the weight `evaluation.warning.theta`.",
        "warning_relative_usefulness": "Sarlin's relative usefulness: 1 is a perfect signal.",
        "portfolio_annual_return": "Annual return of the overlay after costs.",
        "portfolio_sharpe": "Annual Sharpe ratio of the overlay after costs.",
        "portfolio_sharpe_above_buy_and_hold": "Sharpe ratio of the overlay minus that of buying and holding.",
        "portfolio_deflated_sharpe": "Probability that the Sharpe ratio beats the best of as many trials by chance.",
        "portfolio_turnover": "Share of the portfolio traded per year.",
        "portfolio_drawdown": "Largest fall of the overlay's equity from its peak.",
    }.items()
)


def _accuracies(task: MarketTask) -> tuple[ScoredMetric, ScoredMetric]:
    free, ranked = f"{task}_accuracy", f"{task}_accuracy_ranked"
    right = f"Answers that give the right label of the task {task}."
    likeliest = "The same, taking the label that the model finds likeliest instead of a free answer."
    return (
        ScoredMetric(free, "proportion", constant_answer=True, ranked=ranked, description=right),
        ScoredMetric(ranked, "proportion", description=likeliest),
    )


class _Finance(Declaration):
    def measured(self, section: FinanceDomain) -> tuple[ScoredMetric, ...]:
        """Return the metrics of the tasks that are asked."""
        tasks = section.task.tasks
        found = [metric for task in tasks for metric in _accuracies(task)]
        found += [_VOCABULARY] if {"risk", "allocation"} & set(tasks) else []
        return (*found, *(_OF_RISK if "risk" in tasks else ()))

    def labels(self, section: FinanceDomain) -> tuple[str, ...]:
        """Return the labels of all tasks, in order."""
        labels = words_of(section.language).labels
        return tuple(label for task in section.task.tasks for label in labels[task])

    def variants(self, settings: Settings) -> Mapping[str, Settings]:
        """Return the same with numbers as text, and the folds in time."""
        return variants(settings)


DECLARATION = _Finance(
    kind="finance",
    section=FinanceDomain,
    implementation="r1tailor.domain.finance.finance:Finance",
    metrics=(*(metric for task in ENGLISH.labels for metric in _accuracies(task)), _VOCABULARY, *_OF_RISK),
)
