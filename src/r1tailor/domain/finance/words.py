"""The words of market questions and answers in one language: labels, reasons, the names of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from r1tailor.domain.finance.settings import MarketTask


@dataclass(frozen=True)
class Words:
    """One language.

    Attributes:
        labels: of each task, in the order of rising price, volatility or risk as ``tasks.py`` ranks them.
        moves: reasons of a trend, in the order of its labels; ``{where}`` is one of ``places``.
        places: of the last close: near the peak, off it, far off it.
        courses: reasons of a volatility that grows, shrinks or stays.
        signs: warning signs, in the order of ``tasks._SIGNS``, and what is told where there is none.
        between: stands between two signs.
        stop: ends a reason.
        context: the line before the numbers; ``{days}`` are trading days.
        named: before it, where names and dates are not masked; ``{index}``, ``{date}``.
        legend: what the numbers of a prompt are; ``{names}`` are those of ``features._TOLD``.
        told: their names.
        unknown: a number that was not known.
    """

    labels: Mapping[MarketTask, tuple[str, ...]]
    moves: tuple[str, str, str]
    places: tuple[str, str, str]
    courses: tuple[str, str, str]
    signs: tuple[str, str, str, str, str]
    no_sign: str
    between: str
    stop: str
    context: str
    named: str
    legend: str
    told: tuple[str, ...]
    unknown: str


ENGLISH = Words(
    labels={
        "trend": ("up", "flat", "down"),
        "volatility": ("calm", "normal", "turbulent"),
        "risk": ("low", "elevated", "high"),
        "allocation": ("hold", "reduce", "exit"),
    },
    moves=(
        "The index rose and closed {where}.",
        "The index moved little and closed {where}.",
        "The index fell and closed {where}.",
    ),
    places=("near its peak", "off its peak", "far off its peak"),
    courses=("Daily moves are growing.", "Daily moves are shrinking.", "Daily moves are steady."),
    signs=(
        "volatility rising",
        "drawdown deepening",
        "breadth narrow",
        "correlation rising",
        "credit spread widening",
    ),
    no_sign="no warning sign",
    between=", ",
    stop=".",
    context="{days} trading days up to the decision.",
    named="{index} on {date}. ",
    legend="In hundredths: {names}.",
    told=(
        *("return 5", "return 21", "return window", "volatility 21", "volatility rank", "drawdown"),
        *("breadth", "correlation", "spread", "spread change"),
    ),
    unknown="unknown",
)
CHINESE = Words(
    labels={
        "trend": ("上涨", "震荡", "下跌"),
        "volatility": ("平静", "正常", "剧烈"),
        "risk": ("低风险", "中风险", "高风险"),
        "allocation": ("持有", "减仓", "清仓"),
    },
    moves=("指数上行，收盘{where}。", "指数变动不大，收盘{where}。", "指数下行，收盘{where}。"),
    places=("接近前高", "低于前高", "远低于前高"),
    courses=("日波幅扩大。", "日波幅收窄。", "日波幅平稳。"),
    signs=("波动率上升", "回撤加深", "市场宽度收窄", "相关性上升", "信用利差扩大"),
    no_sign="无预警信号",
    between="、",
    stop="。",
    context="截至决策日的{days}个交易日。",
    named="{date}，{index}。",
    legend="单位为百分之一：{names}。",
    told=(
        *("5日收益", "21日收益", "窗口收益", "21日波动率", "波动率分位", "回撤"),
        *("市场宽度", "相关性", "信用利差", "利差变化"),
    ),
    unknown="未知",
)
CALM = frozenset(words.labels["risk"][0] for words in (ENGLISH, CHINESE))
"""The labels of a low risk; every other label of the task is a risky one."""


def words_of(language: str) -> Words:
    """Return the words of a domain's language: Chinese for ``zh``, English for any other."""
    return CHINESE if language == "zh" else ENGLISH
