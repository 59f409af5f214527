"""Inter-annotator agreement beyond chance, with its confidence interval.

The coefficient is Cohen's kappa for two annotators, Fleiss' kappa if every unit has the same number of ratings, and
Krippendorff's alpha otherwise, as the other two do not allow missing cells. Raw agreement is reported with it, and
Gwet's AC1, which does not collapse where one value prevails. The interval is a percentile bootstrap over documents,
since the tokens of a document are not independent. A coefficient is undefined where all ratings have the same value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from r1tailor.annotation.ratings import MISSING, NOTHING, Codes, Ratings
from r1tailor.records import Annotation, Relation, Span

Coefficient = Literal["Cohen's kappa", "Fleiss' kappa", "Krippendorff's alpha"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Confusion:
    """Two values given to the same unit, and the number of pairs of votes that differ in this way."""

    first: str
    second: str
    pairs: int


@dataclass(frozen=True)
class Agreement:
    """The agreement of annotators on one aspect.

    Attributes:
        aspect: ``spans``, ``relations`` or the name of a question.
        coefficient: its name, and ``why`` it was chosen.
        kappa: its value; None where it is undefined.
        low: lower end of its bootstrap interval; ``high`` is the upper.
        raw: share of agreeing pairs of ratings, mean over the units rated twice or more.
        ac1: Gwet's AC1.
        exact_f1: F1 of spans (or relations) drawn identically by two annotators, over all pairs of annotators: the
            limit of kappa for many true negatives (Hripcsak and Rothschild 2005). None for questions.
        items: number of documents that have a unit rated twice or more.
        units: number of such units.
        confusions: the most frequent first.
        disagreement: by document, the mean share of disagreeing pairs over the units that any annotator labelled.
    """

    aspect: str
    coefficient: Coefficient
    why: str
    kappa: float | None
    low: float | None
    high: float | None
    raw: float | None
    ac1: float | None
    exact_f1: float | None
    items: int
    units: int
    confusions: tuple[Confusion, ...]
    disagreement: dict[str, float]


def agreement(
    table: Ratings, votes: Mapping[str, Sequence[Annotation]], resamples: int, confidence: float, seed: int
) -> Agreement:
    """Return the agreement on one aspect.

    Args:
        table: the ratings.
        votes: by document, the votes behind the ratings, for the comparison of whole spans and relations.
        resamples: of the bootstrap.
        confidence: of its interval, in (0.5, 1).
        seed: of its resamples.
    """
    rated_twice = (table.codes != MISSING).sum(1) >= 2
    codes, document_of = table.codes[rated_twice], table.document_of[rated_twice]
    coefficient, why = choose(codes)
    kappa = value(coefficient, codes, np.ones(len(codes), np.int64))
    low, high = _interval(coefficient, codes, document_of, resamples, confidence, seed)
    counts = value_counts(table.codes, len(table.values))
    return Agreement(
        aspect=table.aspect,
        coefficient=coefficient,
        why=why,
        kappa=_defined(kappa),
        low=low if _defined(kappa) is not None else None,
        high=high if _defined(kappa) is not None else None,
        raw=_defined(raw_agreement(counts)),
        ac1=_defined(gwet_ac1(counts)),
        exact_f1=_exact_f1(table.aspect, votes),
        items=len(set(document_of.tolist())),
        units=len(codes),
        confusions=_confusions(counts, table.values),
        disagreement=_disagreement(table, counts),
    )


def choose(codes: Codes) -> tuple[Coefficient, str]:
    """Return the coefficient that suits ratings [units, annotators], all units rated twice or more, and why."""
    rated = codes != MISSING
    per_unit = sorted(set(rated.sum(1).tolist()))
    if rated.any(0).sum() == 2:
        return "Cohen's kappa", "two annotators rated every unit"
    if len(per_unit) == 1:
        return "Fleiss' kappa", f"every unit has {per_unit[0]} ratings, by more than two annotators in all"
    if not per_unit:
        return "Krippendorff's alpha", "no unit is rated twice"
    spread = f"{per_unit[0]} to {per_unit[-1]}"
    return "Krippendorff's alpha", f"units have {spread} ratings, and Cohen's and Fleiss' kappa take no missing cells"


def value(coefficient: Coefficient, codes: Codes, times: Codes) -> float:
    """Return a coefficient over ratings [units, annotators], each unit counted ``times``; NaN where it is undefined."""
    codes, times = codes[times > 0], times[times > 0]
    if len(set(codes[codes != MISSING].tolist())) < 2:
        return float("nan")
    match coefficient:
        case "Cohen's kappa":
            # Importing it takes half a second, and not every run needs it.
            from sklearn.metrics import cohen_kappa_score

            first, second = codes[:, (codes != MISSING).any(0)].T
            return float(cohen_kappa_score(first, second, sample_weight=times))
        case "Fleiss' kappa":
            return fleiss_kappa(value_counts(codes, int(codes.max()) + 1), times)
        case "Krippendorff's alpha":
            import krippendorff

            counts = np.repeat(value_counts(codes, int(codes.max()) + 1), times, axis=0)
            return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def fleiss_kappa(counts: Codes, times: Codes) -> float:
    """Return Fleiss' kappa from counts [units, values] with equal row sums (Fleiss 1971, Psychological Bulletin 76)."""
    shares = times @ counts / (times @ counts).sum()
    expected = float((shares**2).sum())
    observed = float(np.average(_pair_agreement(counts), weights=times))
    return (observed - expected) / (1 - expected)


def gwet_ac1(counts: Codes) -> float:
    """Return Gwet's AC1 from counts [units, values] (Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., ch. 5).

    A unit rated once counts towards the frequency of its value only. NaN where no unit is rated twice.
    """
    totals = counts.sum(1, keepdims=True)
    shares = (counts / totals).mean(0) if len(counts) else np.zeros(1)
    if len(shares) < 2:
        return float("nan")
    expected = float((shares * (1 - shares)).sum()) / (len(shares) - 1)
    return (raw_agreement(counts) - expected) / (1 - expected)


def raw_agreement(counts: Codes) -> float:
    """Return the share of agreeing pairs of ratings, mean over the units rated twice or more; NaN without one."""
    rated_twice = counts[counts.sum(1) >= 2]
    return float(_pair_agreement(rated_twice).mean()) if len(rated_twice) else float("nan")


def value_counts(codes: Codes, values: int) -> Codes:
    """Return how often each value was given to each unit: [units, values] from [units, annotators]."""
    counts: Codes = (codes[:, :, None] == np.arange(values)).sum(1)
    return counts


def _pair_agreement(counts: Codes) -> Floats:
    """Return [units] the share of agreeing pairs of ratings; every unit is rated twice or more."""
    totals = counts.sum(1)
    shares: Floats = ((counts**2).sum(1) - totals) / (totals * (totals - 1))
    return shares


def _interval(
    coefficient: Coefficient, codes: Codes, document_of: Codes, resamples: int, confidence: float, seed: int
) -> tuple[float | None, float | None]:
    """Return the percentile interval over resampled documents; resamples with a single value do not count."""
    if not len(codes):
        return None, None
    patterns, pattern_of = np.unique(codes, axis=0, return_inverse=True)
    documents, document_of = np.unique(document_of, return_inverse=True)
    of_document = np.zeros((len(documents), len(patterns)), np.int64)
    np.add.at(of_document, (document_of, pattern_of.reshape(-1)), 1)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(documents), np.full(len(documents), 1 / len(documents)), size=resamples)
    values = np.array([value(coefficient, patterns, times) for times in drawn @ of_document])
    if np.isnan(values).all():
        return None, None
    low, high = np.nanquantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _confusions(counts: Codes, values: tuple[str, ...]) -> tuple[Confusion, ...]:
    together = counts.T @ counts
    pairs = [Confusion(values[a], values[b], int(together[a, b])) for a, b in combinations(range(len(values)), 2)]
    return tuple(
        sorted((pair for pair in pairs if pair.pairs), key=lambda pair: (-pair.pairs, pair.first, pair.second))
    )


def _disagreement(table: Ratings, counts: Codes) -> dict[str, float]:
    telling = counts.sum(1) >= 2
    if NOTHING in table.values:
        telling &= counts[:, table.values.index(NOTHING)] < counts.sum(1)
    disagreeing = 1 - _pair_agreement(counts[telling])
    of_document = table.document_of[telling]
    sums = np.bincount(of_document, disagreeing, len(table.documents))
    units = np.bincount(of_document, minlength=len(table.documents))
    return {
        document: float(total / number)
        for document, total, number in zip(table.documents, sums, units, strict=True)
        if number
    }


def _exact_f1(aspect: str, votes: Mapping[str, Sequence[Annotation]]) -> float | None:
    if aspect not in ("spans", "relations"):
        return None
    common = drawn = 0
    for of_document in votes.values():
        for first, second in combinations([_drawn(aspect, vote) for vote in of_document], 2):
            common += len(first & second)
            drawn += len(first) + len(second)
    return 2 * common / drawn if drawn else None


def _drawn(aspect: str, vote: Annotation) -> set[Span | Relation]:
    return set(vote.labels.spans if aspect == "spans" else vote.labels.relations)


def _defined(number: float) -> float | None:
    return None if np.isnan(number) else number
