"""Settings of a market that cannot work are refused."""

import re

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("domain.task.market.index.source=dax", "task.market.index.source = dax: sources has sp500, stocks, credit,"),
        ("domain.task.market.index.series=null", "index.series must name one series"),
        ("domain.task.market.credit.series=[BAA]", "credit.series must name two yields, such as [BAA, AAA]"),
        ("domain.task.tasks=[trend,trend]", "each of tasks and of channels may stand there only once"),
        ("domain.task.tasks=[]", "domain.task.tasks"),
        ("~domain.task.questions.risk", "questions must hold one for each of tasks; risk has none"),
        ("domain.task.labels=[up]", "domain.task.labels"),
        ("domain.task.every_days=21", "every_days must be smaller than horizon_days"),
        ("domain.task.window=900", "window must not be longer than normalise_days"),
        ("domain.task.thresholds.calm=0.8", "calm must lie below turbulent, and elevated below high"),
        ("domain.task.thresholds.high=0.05", "calm must lie below turbulent, and elevated below high"),
        ("domain.task.crises.onset_drawdown=0.2", "onset_drawdown must not be larger than drawdown"),
        ("domain.task.tasks=[moon]", "must be one of trend, volatility, risk, allocation"),
    ],
)
def test_settings_that_cannot_work_are_refused(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as refused:
        config.load(["domain=finance", override])
    assert len(refused.value.faults) == 1
