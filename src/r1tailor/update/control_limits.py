"""Live signals of a version against those of the version before it: when it has to be rolled back.

Each signal is a yes or no for each answer: corrected, truncated, refused, slow (slower than a factor times the median
of the version before). The control limit of the first three is the upper end of the interval of the earlier version's
rate plus the rise that is allowed; more than half of the answers may not be slow. The live rate is followed by a
confidence sequence, so that it may be looked at after every answer: a version that changed nothing is rolled back with
at most the probability ``alpha``, over all signals and however long it serves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from scipy.stats import beta

from r1tailor.schema.update import Control
from r1tailor.serving.study.sequential import confidence_sequence

SLOW = "slow"
_FEWEST = 50  # answers of the earlier version, below which its rate says nothing
_MOST = 5000  # newest answers that are looked at
_OF_ONE_USER = 3  # corrections of one user that count: nobody rolls a version back alone


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer in the audit log.

    Attributes:
        at: ISO date and time.
        seconds: from the request to the end of the answer.
        truncated: whether it was cut at its length.
        refused: whether its opening refuses.
    """

    at: str
    seconds: float
    truncated: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """A rate of the version before, and the same of the version at work.

    Attributes:
        name: of the signal.
        reference: [n] of the version before.
        live: [m] of the version at work, in the order of its answers.
        rise: that is allowed.
    """

    name: str
    reference: tuple[bool, ...]
    live: tuple[bool, ...]
    rise: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """Where a signal stands.

    Attributes:
        signal: its name.
        before: rate of the version before.
        limit: the control limit; None where the version before answered too little.
        rate: of the version at work.
        low: lower end of its confidence sequence.
        n: answers of the version at work.
        raised: whether ``low`` lies above the limit.
    """

    signal: str
    before: float
    limit: float | None
    rate: float
    low: float
    n: int
    raised: bool

    def __str__(self) -> str:
        limit = "no limit yet" if self.limit is None else f"limit {self.limit:.4f}"
        state = "OUT OF CONTROL" if self.raised else "in control"
        return f"{self.signal}: {self.rate:.4f} of {self.n:,} answers (before {self.before:.4f}, {limit}): {state}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def alarm(signal: Signal, alpha: float) -> Alarm:
    """Return where a signal stands; a rate that did not rise raises it with at most the probability ``alpha``.

    Half of ``alpha`` is that the limit lies too low, half that the sequence does.
    """
    seen, n = sum(signal.reference), len(signal.reference)
    live = signal.live[:_MOST]
    before = seen / n if n else 0.0
    rate = sum(live) / len(live) if live else 0.0
    if n < _FEWEST:
        return Alarm(signal.name, before, None, rate, 0.0, len(live), raised=False)
    upper = 1.0 if seen == n else float(beta.ppf(1 - alpha / 2, seen + 1, n - seen))
    upper = max(upper, 0.5) if signal.name == SLOW else upper
    low, _ = confidence_sequence([1.0 if yes else -1.0 for yes in live], alpha) if live else (-1.0, 1.0)
    limit, lowest = upper + signal.rise, (low + 1) / 2
    return Alarm(signal.name, before, limit, rate, lowest, len(live), raised=lowest > limit)


def alarms(signals: Sequence[Signal], alpha: float) -> list[Alarm]:
    """Return where each signal stands; together they raise a false alarm with at most the probability ``alpha``."""
    return [alarm(signal, alpha / len(signals)) for signal in signals]


def signals(
    before: Sequence[Answered],
    live: Sequence[Answered],
    corrected: Mapping[str, Sequence[tuple[str, str]]],
    control: Control,
) -> list[Signal]:
    """Return the four signals.

    Args:
        before: answers of the version before.
        live: answers of the version at work.
        corrected: ``before`` and ``live`` -> (ISO date, user) of each correction or thumb down.
        control: the rises that are allowed.
    """
    slow = control.latency_factor * median(one.seconds for one in before) if before else float("inf")
    both = {"before": before, "live": live}
    flags = {which: _corrected(each, corrected.get(which, ())) for which, each in both.items()}

    def pair(name: str, told: Callable[[Answered], bool], rise: float) -> Signal:
        reference, now = (tuple(told(one) for one in each) for each in both.values())
        return Signal(name, reference, now, rise)

    return [
        Signal("corrected", flags["before"], flags["live"], control.correction_rate),
        pair("truncated", lambda one: one.truncated, control.truncation_rate),
        pair("refused", lambda one: one.refused, control.refusal_rate),
        pair(SLOW, lambda one: one.seconds > slow, 0.0),
    ]


def answers(
    lines: Iterable[Mapping[str, Any]], channels: Sequence[str] = ("served", "canary")
) -> dict[str, list[Answered]]:
    """Return the answers of each version in some channels, oldest first, from lines of the audit log.

    Lines of earlier releases, which hold no seconds, are left out.
    """
    found: dict[str, list[Answered]] = {}
    for line in lines:
        answered_one = line["what"] == "chat" and line["decision"] == "answered" and line["channel"] in channels
        if answered_one and "seconds" in line:
            answered = Answered(line["at"], line["seconds"], line["truncated"], line["refused"])
            found.setdefault(line["version"], []).append(answered)
    return found


def _corrected(answered: Sequence[Answered], corrections: Sequence[tuple[str, str]]) -> tuple[bool, ...]:
    """Return which answers were corrected: each correction counts for the newest answer before it that is not yet."""
    flags, of_user = [False] * len(answered), dict[str, int]()
    for at, user in sorted(corrections):
        of_user[user] = of_user.get(user, 0) + 1
        before = [n for n, one in enumerate(answered) if one.at <= at and not flags[n]]
        if before and of_user[user] <= _OF_ONE_USER:
            flags[before[-1]] = True
    return tuple(flags)
