"""What makes the figures of a tuned model worth nothing, found in its answers and said in words.

A finding stops the goals on the metrics that it names: a model that gives one answer to nearly every item, that answers
exactly as the base model does (the adapter was not applied), or whose answers were cut. A label that the input gives
away stops nothing by itself: a plain baseline reads it too, and that has to be beaten (``plain_baselines.py``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isclose
from typing import Any

from r1tailor.domain import Domain
from r1tailor.domain.answers import label_in
from r1tailor.domain.base import answer_of
from r1tailor.evaluation.plain_baselines import MAJORITY, named_label, told
from r1tailor.records import Example, Prediction

_FEWEST = 10  # items of which a share says anything
_NEARLY = 0.95  # of all answers, or of all labels read off the input
_CUT = 0.05  # of the answers: corpus metrics, which know no items, then say nothing


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        kind: ``constant_answer``, ``equals_base``, ``cut_answers`` or ``given_away``.
        sentence: for people.
        why: in a few words, as the reason why a goal is not met; empty if it stops none.
        metrics: the metrics whose goals it stops.
        worst: lowest and highest value of a metric, by how the answers that were cut may count.
    """

    kind: str
    sentence: str
    why: str = ""
    metrics: tuple[str, ...] = ()
    worst: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def findings(
    domain: Domain,
    items: Sequence[Example],
    base: Sequence[Prediction] | None,
    tuned: Sequence[Prediction],
    measured: Sequence[str],
    plain: Mapping[str, Mapping[str, float]],
) -> list[dict[str, Any]]:
    """Return what was found, as plain values.

    Args:
        domain: reads and scores the answers.
        items: the held-out ones.
        base: predictions of the base model; None where it was not asked, as in a proof of a candidate.
        tuned: those of the tuned model, with the scores of each item.
        measured: metrics of the tuned model.
        plain: value of each metric, by plain baseline.
    """
    found = [
        *(_equal(base, tuned, measured) if base is not None else ()),
        *_constant(domain, items, tuned, measured),
        *_cut(domain, items, tuned, measured),
        *_given_away(domain, items, plain),
    ]
    return [asdict(one) for one in found]


def _equal(base: Sequence[Prediction], tuned: Sequence[Prediction], measured: Sequence[str]) -> Iterator[Finding]:
    if tuned and all(_same(*pair) for pair in zip(base, tuned, strict=True)):
        yield Finding(
            "equals_base",
            f"tuned equals base: on all {len(tuned):,} items the answers and the likelihoods are those of the base "
            "model. The adapter was not applied, or training changed nothing",
            "the tuned model answers exactly as the base model does",
            tuple(measured),
        )


def _same(one: Prediction, other: Prediction) -> bool:
    said = [[made.generated for made in found.drawn] for found in (one, other)]
    return said[0] == said[1] and isclose(one.log_likelihood, other.log_likelihood, rel_tol=1e-6)


def _constant(
    domain: Domain, items: Sequence[Example], tuned: Sequence[Prediction], measured: Sequence[str]
) -> Iterator[Finding]:
    """Yield a finding for each set of items that nearly always get one answer, with the metrics that score them."""
    found: dict[tuple[str, int, int, int, bool], list[str]] = {}
    for metric in domain.metrics:
        places = [place for place, made in enumerate(tuned) if metric.name in made.scores]
        if len(places) >= _FEWEST and metric.name in measured:
            ranked = metric.name.endswith("_ranked")
            some = [(items[place], tuned[place]) for place in places]
            given = Counter(vote for item, made in some for vote in _votes(domain, item, made, ranked=ranked))
            wanted = Counter(domain.vote(item, item.output) for item, _ in some)
            if _one_for_nearly_all(given, wanted):
                key = (*given.most_common(1)[0], given.total(), max(wanted.values()), len(some) == len(items))
                found.setdefault(key, []).append(metric.name)
    for (answer, count, total, most, everywhere), names in found.items():
        yield Finding(
            "constant_answer",
            f"one answer for nearly every item: {_shown(answer)} is {count:,} of the {total:,} answers of the tuned "
            f"model, where the most frequent reference is that of {most:,} items ({', '.join(names)})",
            f"{count:,} of {total:,} answers are one and the same",
            tuple(
                dict.fromkeys(name for metric in names for name in _with_it(metric, measured, everywhere=everywhere))
            ),
        )


def _votes(domain: Domain, item: Example, made: Prediction, *, ranked: bool) -> list[str]:
    if ranked:
        return [made.ranked] if made.ranked else []
    return [domain.vote(item, one.generated) for one in made.drawn]


def _one_for_nearly_all(given: Counter[str], wanted: Counter[str]) -> bool:
    """Whether one answer stands for nearly all, and references are not as uniform themselves."""
    if not given:
        return False
    share, of_references = (max(counted.values()) / counted.total() for counted in (given, wanted))
    return share >= max(_NEARLY, (1 + of_references) / 2)


def _with_it(metric: str, measured: Sequence[str], *, everywhere: bool) -> list[str]:
    """Return a metric with those computed of the same answers: by majority, and over the corpus if all are the same."""
    same = [name for name in measured if name == metric or name.startswith(f"{metric}_maj@")]
    return [*same, *(_corpus(measured) if everywhere and not metric.endswith("_ranked") else ())]


def _corpus(measured: Sequence[str]) -> list[str]:
    return [name for name in measured if name in ("bleu", "chrf", "macro_f1")]


def _shown(answer: str) -> str:
    return f"“{answer[:60]}{'…' if len(answer) > 60 else ''}”" if answer else "no answer"


def _cut(
    domain: Domain, items: Sequence[Example], tuned: Sequence[Prediction], measured: Sequence[str]
) -> Iterator[Finding]:
    """Yield a finding where answers were cut: goals count each as the worst there is."""
    made = [(item, one) for item, found in zip(items, tuned, strict=True) for one in found.drawn]
    cut = Counter(one.truncated for _, one in made if one.truncated)
    if not cut:
        return
    where = [f"{cut[part]:,} {_PARTS[part]}" for part in _PARTS if cut[part]]
    many = cut["answer"] > _CUT * len(made)
    yield Finding(
        "cut_answers",
        f"{cut.total():,} of {len(made):,} answers of the tuned model were cut: {', '.join(where)}. Goals count a cut "
        "answer as the worst there is",
        f"{cut['answer']:,} of {len(made):,} answers were cut",
        tuple(_corpus(measured)) if many else (),
        _worst(domain, made) if cut["answer"] else {},
    )


_PARTS = {
    "reasoning": "within their reasoning (evaluation.max_reasoning_tokens)",
    "answer": "within the answer (evaluation.max_answer_tokens)",
}


def _worst(domain: Domain, made: Sequence[tuple[Example, Prediction]]) -> dict[str, tuple[float, float]]:
    """Return lowest and highest value of each metric in [0, 1], the answers that were cut scoring 0 and 1."""
    sums: dict[str, list[float]] = {}
    answered = {metric.name for metric in domain.metrics if not metric.name.endswith("_ranked")}
    for item, one in made:
        for name, score in domain.scores(item, one).items():
            if name in answered:
                low, high = (0.0, max(1.0, score)) if one.truncated == "answer" else (score, score)
                total = sums.setdefault(name, [0.0, 0.0, 0.0])
                total[:] = total[0] + low, total[1] + high, total[2] + 1
    return {name: (low / count, high / count) for name, (low, high, count) in sums.items()}


def _given_away(
    domain: Domain, items: Sequence[Example], plain: Mapping[str, Mapping[str, float]]
) -> Iterator[Finding]:
    """Yield a finding where the input names the reference's label, or a plain baseline is right nearly always."""
    pairs = [(named_label(domain, item), label_in(answer_of(item.output), domain.labels_of(item))) for item in items]
    named = [(given, wanted) for given, wanted in pairs if given and wanted]
    right = sum(given == wanted for given, wanted in named)
    if len(named) >= _FEWEST and 2 * len(named) >= len(items) and right >= _NEARLY * len(named):
        yield Finding(
            "given_away",
            f"a leaked label: the inputs of {len(named):,} of {len(items):,} items name one label of the closed set, "
            f"and it is the reference's in {right:,}. Copying it is a plain baseline that has to be beaten",
        )
    shares = {metric.name for metric in domain.metrics if metric.kind == "proportion"}
    for baseline, values in plain.items():
        easy = [name for name, value in values.items() if name in shares and value >= _NEARLY]
        if easy and baseline != MAJORITY and len(items) >= _FEWEST:
            yield Finding(
                "given_away",
                f"{told(baseline)} reaches {', '.join(f'{name} {values[name]:.3f}' for name in easy)} without a "
                "language model: the input gives the answer away (a leaked label), or the task is too easy to show "
                "anything",
            )


def stopped(found: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the metrics whose goals some finding stops."""
    return {name for one in found for name in one["metrics"]}
