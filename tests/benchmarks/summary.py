"""The results of the rounds: ratios with confidence intervals, the table, and the machine-readable line."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engines import ENGINES, OURS

_HEAD = (
    "| workload | strategy | engine | examples/s | supervised tokens/s | peak RSS | validation loss "
    "| R1 Tailor is faster by |"
)


@dataclass
class Series:
    """All runs of one engine on one workload with one strategy.

    Attributes:
        runs: the report of each round's run, in the order of the rounds.
        losses: the common judge's loss by seed.
        reason: why there are no runs; empty if there are.
    """

    workload: str
    strategy: str
    engine: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[int, float] = field(default_factory=dict)
    reason: str = ""

    def rates(self, what: str) -> list[float]:
        """Return ``examples`` or ``supervised`` tokens per second, one value per round."""
        return [run[what] / run["seconds"] for run in self.runs]

    def peaks(self) -> list[float]:
        """Return the peak resident sets in bytes, one per round."""
        return [float(run["rss"]) for run in self.runs]


@dataclass(frozen=True)
class Ratio:
    """A geometric mean over rounds with its 95 % confidence interval (equal to the mean for a single round)."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ({self.low:.2f}-{self.high:.2f})" if self.low < self.high else f"{self.mean:.2f}"


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """Return the mean ratio over rounds: geometric, with a t interval over the logarithms.

    The two runs of a round are paired, because they used the machine within the same minutes.
    """
    logs = [math.log(a / b) for a, b in zip(numerators, denominators, strict=False)]
    middle = statistics.fmean(logs)
    width = 0.0
    if len(logs) > 1:
        from scipy.stats import t

        width = float(t.ppf(0.975, len(logs) - 1)) * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(middle), math.exp(middle - width), math.exp(middle + width))


def table(found: Sequence[Series]) -> str:
    """Return the Markdown table, a row for each engine on each workload with each strategy."""
    rows = [_row(series, _ours(found, series)) for series in found]
    return "\n".join([_HEAD, "|" + "---|" * (_HEAD.count("|") - 1), *rows])


def pairs(found: Sequence[Series]) -> dict[str, float]:
    """Return the figures by name; those of ``icd10`` with LoRA carry no prefix.

    ``examples_ratio_X``: R1 Tailor's examples/s over X's. ``rss_ratio``: R1 Tailor's peak RSS over that of TRL's
    default (``rss_ratio_best``: of its best). ``ceiling_share``: see ``ceiling.py``.
    """
    named: dict[str, float] = {}
    for series in sorted(found, key=lambda series: (series.workload != "icd10", series.strategy != "lora")):
        ours = _ours(found, series)
        prefix = "".join(f"{word}_" for word in _words(series))
        if series.runs and series.engine == OURS:
            named[f"{prefix}ceiling_share"] = statistics.fmean(run["ceiling_share"] for run in series.runs)
        elif series.runs and ours:
            engine = series.engine.removeprefix("trl_")
            speed = ratio(ours.rates("examples"), series.rates("examples"))
            named[f"{prefix}examples_ratio_{engine}"] = speed.mean
            if speed.low < speed.high:  # one round has no interval
                named[f"{prefix}examples_ratio_{engine}_low"] = speed.low
                named[f"{prefix}examples_ratio_{engine}_high"] = speed.high
            name = f"{prefix}rss_ratio" + ("" if engine == "default" else f"_{engine}")
            named[name] = ratio(ours.peaks(), series.peaks()).mean
    return named | _lora_against_full(found)


def last_line(named: dict[str, float]) -> str:
    """Return the pairs in one line, the most important first."""
    first = ("examples_ratio_default", "examples_ratio_best", "rss_ratio", "ceiling_share")
    order = [name for name in first if name in named] + [name for name in named if name not in first]
    return " ".join(f"{name}={named[name]:.4g}" for name in order)


def remarks(found: Sequence[Series], base: dict[str, float]) -> list[str]:
    """Return the remarks below the table: base losses, LoRA against full weights, the ceiling."""
    lines = [f"Validation loss of the untrained model on {name}: {loss:.4f}." for name, loss in base.items()]
    compared = _lora_against_full(found)
    if compared:
        time, memory = compared["lora_full_time_ratio"], compared["lora_full_rss_ratio"]
        lines.append(
            f"R1 Tailor on icd10, LoRA against full weights: {time:.2f} times as fast, peak RSS "
            f"{100 * (memory - 1):+.0f} % (the literature claims 3 times and -70 %, on GPUs and larger models)."
        )
    return lines + [_ceiling(series) for series in found if series.engine == OURS and series.runs]


def _ceiling(series: Series) -> str:
    shares = [100 * run["ceiling_share"] for run in series.runs]
    rates = {name: statistics.fmean(run["rates"][name] for run in series.runs) / 1e9 for name in ("bf16", "fp32")}
    spread = f" ({min(shares):.1f} to {max(shares):.1f} in {len(shares)} rounds)" if len(shares) > 1 else ""
    return (
        f"R1 Tailor, {series.workload}, {series.strategy}: {statistics.fmean(shares):.1f} %{spread} of the rate of "
        f"matrix products in the faster precision ({rates['bf16']:.0f} GFLOP/s in bf16, {rates['fp32']:.0f} in fp32)."
    )


def _ours(found: Sequence[Series], like: Series) -> Series | None:
    matching = [s for s in found if (s.workload, s.strategy, s.engine) == (like.workload, like.strategy, OURS)]
    return next((series for series in matching if series.runs), None)


def _words(series: Series) -> list[str]:
    workload = [] if series.workload == "icd10" else [series.workload]
    return workload + ([] if series.strategy == "lora" else [series.strategy])


def _lora_against_full(found: Sequence[Series]) -> dict[str, float]:
    ours = {s.strategy: s for s in found if (s.workload, s.engine) == ("icd10", OURS) and s.runs}
    if set(ours) != {"lora", "full"}:
        return {}
    speed = ratio(ours["lora"].rates("examples"), ours["full"].rates("examples"))
    memory = ratio(ours["lora"].peaks(), ours["full"].peaks())
    return {"lora_full_time_ratio": speed.mean, "lora_full_rss_ratio": memory.mean}


def _row(series: Series, ours: Series | None) -> str:
    start = f"| {series.workload} | {series.strategy} | {ENGINES[series.engine].title} |"
    if not series.runs:
        return f"{start} {series.reason} | | | | |"
    faster = ""
    if ours and series is not ours:
        faster = str(ratio(ours.rates("examples"), series.rates("examples")))
    speed, tokens = (statistics.fmean(series.rates(what)) for what in ("examples", "supervised"))
    memory = statistics.fmean(series.peaks()) / 2**30
    return f"{start} {speed:.2f} | {tokens:.1f} | {memory:.2f} GiB | {_losses(series)} | {faster} |"


def _losses(series: Series) -> str:
    """Return the mean validation loss and, over several seeds, its standard deviation."""
    losses = list(series.losses.values())
    if not losses:
        return ""
    spread = f" ± {statistics.stdev(losses):.4f}" if len(losses) > 1 else ""
    return f"{statistics.fmean(losses):.4f}{spread}"
