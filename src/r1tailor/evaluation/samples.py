"""Several answers to one item: each by itself, and the one that most of them give."""

from collections import Counter
from collections.abc import Sequence

from r1tailor.domain import Domain
from r1tailor.records import Example, Prediction


def flat(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[list[Example], list[Prediction], int]:
    """Return each answer with its example, the answers to an example in turn, and how many each has."""
    made = [prediction.drawn for prediction in predictions]
    items = [example for example, answers in zip(examples, made, strict=True) for _ in answers]
    return items, [one for answers in made for one in answers], len(made[0]) if made else 1


def voted_for(domain: Domain, example: Example, made: Prediction) -> Prediction:
    """Return the answer that most of an item's answers give, the earliest of equals; no answer has no vote."""
    votes = [domain.vote(example, one.generated) for one in made.drawn]
    counted = Counter(vote for vote in votes if vote)
    most = max(counted, key=counted.__getitem__, default=votes[0])
    return made.drawn[votes.index(most)]


def majority_scores(domain: Domain, example: Example, made: Prediction) -> dict[str, float]:
    """Return what that answer scores, by the metrics that call an answer right or wrong; none of a single answer."""
    each = len(made.drawn)
    if each == 1:
        return {}
    ranked = {metric.ranked for metric in domain.metrics}
    voted = {metric.name for metric in domain.metrics if metric.kind == "proportion"} - ranked
    scores = domain.scores(example, voted_for(domain, example, made))
    return {f"{name}_maj@{each}": score for name, score in scores.items() if name in voted}
