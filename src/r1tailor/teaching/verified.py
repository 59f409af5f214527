"""Which of a teacher's texts are trained on: finished, right, distinct; and why each other was dropped.

A text is right where the domain's evaluation would count it as right. Where no metric of the domain calls a free answer
right or wrong, the texts about one example vote. The reference answer stays the example's where a metric verified the
text; where texts voted it is theirs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from r1tailor.config_messages import did_you_mean
from r1tailor.domain import Domain
from r1tailor.errors import ConfigError
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.records import Example, Prediction
from r1tailor.schema.objective import TeachersSequences

AGREEMENT = "agreement"
# Why a text is not trained on.
UNVERIFIED = ("cut", "unfinished", "malformed", "without_reasoning", "wrong", "disagreement")


@dataclass(frozen=True)
class Trace:
    """A text of a teacher, its reasoning apart from its answer."""

    reasoning: str
    answer: str

    @property
    def folded(self) -> tuple[str, str]:
        """What two texts share that differ in case and white space only."""
        return _folded(self.reasoning), _folded(self.answer)


def verifier(domain: Domain, wanted: str | None) -> str:
    """Return what verifies the texts of a domain: a metric, or ``agreement``.

    Args:
        domain: its goals and metrics.
        wanted: what the settings name; None for the first metric among the goals, then among all, that calls a free
            answer right or wrong.

    Raises:
        ConfigError: the domain has no such metric.
    """
    offered = [metric.name for metric in domain.metrics if metric.kind == "proportion" and metric.constant_answer]
    if wanted is None:
        goals = [goal.metric for goal in domain.settings.goals if goal.metric in offered]
        return next(iter((*goals, *offered)), AGREEMENT)
    if wanted not in (*offered, AGREEMENT):
        known = [*offered, AGREEMENT]
        raise ConfigError(
            [
                f"objective.sequences.verify = {wanted!r}: must be one of {', '.join(known)}; null chooses."
                f"{did_you_mean(wanted, known)}"
            ]
        )
    return wanted


def separated(text: str, *, opened: bool) -> Trace | str:
    """Return reasoning and answer of a text, or why there are none.

    Args:
        text: as the teacher wrote it.
        opened: whether the prompt ends in an open ``<think>``.
    """
    before, closed, after = text.partition(END_THINK)
    if not closed:
        return "unfinished" if opened or THINK in text else Trace("", text.strip())
    trace = Trace(before.strip().removeprefix(THINK).strip(), after.strip())
    if not trace.answer:
        return "unfinished"
    malformed = any(mark in part for mark in (THINK, END_THINK) for part in (trace.reasoning, trace.answer))
    return "malformed" if malformed else trace


def chosen(
    example: Example,
    texts: Sequence[str | None],
    domain: Domain,
    verify: str,
    wanted: TeachersSequences,
    *,
    opened: bool,
    reasoned: bool = False,
) -> tuple[list[Example], Counter[str]]:
    """Return the examples to train on that a teacher's texts make of one, and what became of each text.

    Args:
        example: of the training part.
        texts: the teacher's; None where the answer was cut at its longest length.
        domain: scores a text as its evaluation does.
        verify: a metric or ``agreement``.
        wanted: how many are kept, how many must agree.
        opened: whether the prompt ends in an open ``<think>``.
        reasoned: whether a text without reasoning is none to train on.
    """
    became: Counter[str] = Counter()
    traces: list[tuple[str, Trace]] = []
    for text in texts:
        if text is None:
            became["cut"] += 1
            continue
        found = separated(text, opened=opened)
        if isinstance(found, str):
            became[found] += 1
        elif reasoned and not found.reasoning:
            became["without_reasoning"] += 1
        else:
            traces.append((text, found))
    scores = [_score(domain, example, text, verify) for text, _ in traces]
    by_vote = verify == AGREEMENT or None in scores
    right = _agreed(traces, len(texts), wanted.agreement) if by_vote else [bool(score == 1) for score in scores]
    became["disagreement" if by_vote else "wrong"] += right.count(False)
    kept: dict[tuple[str, str], Trace] = {}
    for (_, trace), is_right in zip(traces, right, strict=True):
        if is_right:
            name = "duplicate" if trace.folded in kept else "above_keep" if len(kept) == wanted.keep else "kept"
            became[name] += 1
            if name == "kept":
                kept[trace.folded] = trace
    return [
        replace(
            example,
            id=f"{example.id}/trace-{number}" if number > 1 else example.id,
            output=trace.answer if by_vote else example.output,
            reasoning=trace.reasoning or example.reasoning,
        )
        for number, trace in enumerate(kept.values(), start=1)
    ], became


def _score(domain: Domain, example: Example, text: str, verify: str) -> float | None:
    """Return what the metric says of a text; None where it says nothing of this example, or texts vote."""
    if verify == AGREEMENT:
        return None
    return domain.scores(example, Prediction(example.id, text, 0.0, 1, "", ())).get(verify)


def _agreed(traces: Sequence[tuple[str, Trace]], asked: int, share: float) -> list[bool]:
    """Return for each text whether it gives the answer that most give, if two or more and the share of all do."""
    answers = [_folded(trace.answer) for _, trace in traces]
    (most, votes), *_ = Counter(answers).most_common(1) or [("", 0)]
    agreed = votes >= max(2, share * asked)
    return [agreed and answer == most for answer in answers]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
