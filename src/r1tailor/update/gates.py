"""One gate of a proof: is the candidate better than the champion where that is promised, and not worse elsewhere?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from r1tailor.planning.shown import holm
from r1tailor.update.paired import Paired, least_margin

Rule = Literal["better", "not worse", "no harm", "told"]
HARM = 0.05  # level of each one-sided test that a candidate is not worse
_TELLING = 10  # items of a day of which some are learnt, if its material is worth to be kept
_FEWEST = 20  # mistakes that tell how many any change mends


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate found.

    Attributes:
        name: of the gate.
        rule: ``better`` at the day's level of alpha; ``not worse`` by more than the margin; ``no harm``: a set too
            small to exclude the margin shows no harm; ``told``: decides nothing.
        passed: None where nothing could be measured or nothing is decided.
        n: items.
        metric: what was compared.
        champion: mean of the champion; None where it is no number.
        candidate: mean of the candidate.
        difference: candidate - champion; for the metric, more is better.
        low: lower end of the one-sided interval of the difference.
        p: that the rule's test rests on.
        limit: level of alpha (``better``, ``no harm``) or the margin (``not worse``).
        why: in words, where it says more.
    """

    name: str
    rule: Rule
    passed: bool | None
    n: int = 0
    metric: str = ""
    champion: float | None = None
    candidate: float | None = None
    difference: float | None = None
    low: float | None = None
    p: float | None = None
    limit: float | None = None
    why: str = ""

    @property
    def harmed(self) -> bool:
        """Whether it failed for anything but an improvement or a bound that more items could show.

        Where nothing is better on enough items, more of the same would not show it.
        """
        learnt = self.n < _TELLING or (self.difference or 0.0) > 0
        unsure = (self.rule == "better" and learnt) or (self.rule == "not worse" and (self.p or 0.0) > HARM)
        return self.passed is False and not unsure

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def __str__(self) -> str:
        state = {True: "passed", False: "FAILED", None: "not decided"}[self.passed]
        if self.difference is None or self.low is None:
            return f"{self.name}: {state}{': ' if self.why else ''}{self.why}"
        told = f"{self.metric} {self.champion:.4f} -> {self.candidate:.4f} on {self.n} items"
        against = {"better": f"p {self.p:.2g}, level {self.limit:.2g}", "no harm": f"p of harm {self.p:.2g}"}
        shown = against.get(self.rule, f"at least {self.low:+.4f}, margin {self.limit}")
        return (
            f"{self.name} ({self.rule}): {state}: {told}: {self.difference:+.4f}, {shown}{self.why and f'; {self.why}'}"
        )


def better(name: str, metric: str, found: Paired, level: float, seed: int, elsewhere: Paired | None = None) -> Gate:
    """Return whether an improvement is shown at the day's level.

    Args:
        name: of the gate.
        metric: that was compared.
        found: the paired differences.
        level: of the test.
        seed: of draws.
        elsewhere: differences on items that were not chosen because the champion had got them wrong, where ``found``'s
            were; then the candidate must also mend more of the mistakes than it does there.
    """
    if not found.n:
        return Gate(name, "better", passed=False, limit=level, why="no items: no improvement can be shown")
    p, why = found.p_better(level, seed), ""
    if elsewhere is not None and found.binary and elsewhere.binary:
        there = f"{elsewhere.mended} of {elsewhere.mistakes} on held-out items"
        why = f"{found.mended} of {found.mistakes} mistakes mended, {there}"
        if elsewhere.mistakes >= _FEWEST:
            p = max(p, found.p_mends_more(elsewhere))
        else:
            why += ": too few to tell how many any change mends"
    return _gate(name, "better", metric, found, passed=p <= level, p=p, limit=level, why=why)


def not_worse(name: str, metric: str, found: Paired, margin: float, seed: int, *, strict: bool = False) -> Gate:
    """Return whether more harm than a margin is excluded.

    Args:
        name: of the gate.
        metric: that was compared.
        found: the paired differences.
        margin: the most harm.
        seed: of draws.
        strict: whether a set that is too small to exclude the margin fails; else it passes where no harm is shown.
    """
    if not found.n:
        return Gate(name, "not worse", passed=False if strict else None, limit=margin, why="no items")
    p, low = found.p_worse(HARM, seed), found.lower(HARM)
    if strict or least_margin(len(found.differences), HARM) <= margin:
        return _gate(name, "not worse", metric, found, passed=low >= -margin, p=p, limit=margin)
    why = f"{found.n} items cannot exclude a margin of {margin:g}"
    return _gate(name, "no harm", metric, found, passed=p > HARM, p=p, limit=HARM, why=why)


def none_harmed(name: str, metric: str, sets: Mapping[str, Paired], seed: int) -> Gate:
    """Return whether no one of several sets shows harm, corrected for their number by Holm's method."""
    there = {key: found for key, found in sets.items() if found.n}
    if not there:
        return Gate(name, "no harm", passed=None, why="no items")
    p_values = holm([found.p_worse(HARM / len(there), seed) for found in there.values()])
    harmed = [key for key, p in zip(there, p_values, strict=True) if p <= HARM]
    why = f"harm on {', '.join(harmed)}" if harmed else f"{len(there)} sets, none harmed"
    n = sum(found.n for found in there.values())
    return Gate(name, "no harm", not harmed, n, metric, p=min(p_values), limit=HARM, why=why)


def told(name: str, why: str, *, passed: bool | None = None, n: int = 0) -> Gate:
    """Return a gate without a comparison: one that is yes or no, or that only tells something."""
    return Gate(name, "told", passed, n, why=why)


def _gate(
    name: str, rule: Rule, metric: str, found: Paired, *, passed: bool, p: float, limit: float, why: str = ""
) -> Gate:
    low = found.lower(HARM)
    means = (found.champion, found.candidate, found.difference)
    return Gate(name, rule, passed, found.n, metric, *means, low if low > float("-inf") else None, p, limit, why)


def verdict(gates: Sequence[Gate]) -> tuple[bool, list[str], bool]:
    """Return whether a candidate passes, the names of the gates that it fails, and whether none of these shows harm."""
    failed = [gate for gate in gates if gate.passed is False]
    return not failed, [gate.name for gate in failed], not any(gate.harmed for gate in failed)
