"""What a tuned model got right and wrong, next to its base model: read from what an evaluation wrote. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from r1tailor.domain import declaration, is_text
from r1tailor.domain.base import answer_of
from r1tailor.errors import DataError, UserError
from r1tailor.evaluation.evaluated_files import EvaluatedFiles
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Example, Prediction
from r1tailor.schema.settings import Settings

Kind = Literal["right", "wrong", "regressed", "both_wrong", "fixed"]
_HALF = 0.5


@dataclass(frozen=True)
class Outcome:
    """One held-out item, and what became of it.

    Attributes:
        example: the item.
        tuned: what the tuned model made of it.
        base: what the base model made of it; None where that is not kept.
        score: of the tuned model, in [0, 1].
        base_score: of the base model; None where it is not known.
    """

    example: Example
    tuned: Prediction
    base: Prediction | None
    score: float
    base_score: float | None

    @property
    def wrong(self) -> bool:
        """Whether the tuned model is wrong: a score below one half."""
        return self.score < _HALF

    @property
    def kind(self) -> Kind:
        """Which of both models is right; ``right`` where both are, ``wrong`` where the base model is not known."""
        if self.base_score is None:
            return "wrong" if self.wrong else "right"
        base_wrong = self.base_score < _HALF
        if self.wrong:
            return "both_wrong" if base_wrong else "regressed"
        return "fixed" if base_wrong else "right"

    @property
    def cluster(self) -> str:
        """What items that are not independent share: their group or conversation, else the item alone."""
        return self.example.conversation or self.example.group or self.example.id

    @property
    def right_answer(self) -> str:
        """The reference answer."""
        return answer_of(self.example.output)

    @property
    def given_answer(self) -> str:
        """The wrong answer that was given: by the tuned model, or by the base model where that alone is wrong."""
        given = self.tuned if self.wrong else self.base
        return answer_of(given.generated).strip() if given else ""


def outcomes(files: EvaluatedFiles, settings: Settings, metric: str | None = None) -> tuple[str, list[Outcome]]:
    """Return the metric that calls an item right or wrong, and the items that it says something of.

    Args:
        files: of the evaluation.
        settings: the composition that was evaluated.
        metric: None for the first goal's that is scored by item, else the first of the domain.

    Raises:
        DataError: there are no scores by item, as in evaluations of earlier releases.
        UserError: nothing was scored by that metric; lists those that were.
    """
    examples = {example.id: example for example in read_examples(_needed(files, "data/test.jsonl"))}
    if examples and all(map(is_text, examples.values())):
        raise UserError(f"{files.name}: whole texts were evaluated; they have no answers that are right or wrong")
    tuned = read_predictions(_needed(files, "evaluation/predictions-tuned.jsonl"))
    of_base = files.path("evaluation/predictions-base.jsonl")
    base = {one.id: one for one in read_predictions(of_base)} if of_base else {}
    chosen = _chosen(files.name, settings, tuned, metric)
    scored = [one for one in tuned if chosen in one.scores]
    if missing := [one.id for one in scored if one.id not in examples]:
        raise DataError(f"{files.name}: {len(missing)} predictions have no item in test.jsonl, such as {missing[0]}")
    found = [
        Outcome(examples[one.id], one, other, one.scores[chosen], other.scores.get(chosen) if other else None)
        for one in scored
        for other in (base.get(one.id),)
    ]
    return chosen, found


def _needed(files: EvaluatedFiles, name: str) -> Path:
    path = files.path(name)
    if path is None:
        raise DataError(f"{files.name}: there is no {name}; evaluate again")
    return path


def _chosen(name: str, settings: Settings, predictions: Sequence[Prediction], metric: str | None) -> str:
    measured = list(dict.fromkeys(key for one in predictions for key in one.scores))
    if not measured:
        raise DataError(f"{name}: its predictions hold no scores; evaluate again")
    if metric is not None and metric not in measured:
        raise UserError(f"--metric {metric}: not scored by item; scored are {', '.join(measured)}")
    if metric is not None:
        return metric
    goals = [goal.metric for goal in settings.domain.goals if goal.at_least is not None]
    return next((one for one in (*goals, *_by_kind(settings)) if one in measured), measured[0])


def _by_kind(settings: Settings) -> list[str]:
    """Return the metrics that the domain's kind declares: those that call an item right or wrong first."""
    metrics = declaration(settings.domain.kind).measured(settings.domain)
    return [metric.name for kind in ("proportion", "mean") for metric in metrics if metric.kind == kind]


def counted(found: Sequence[Outcome]) -> Mapping[Kind, int]:
    """Return how many items there are of each kind, those without any left out."""
    kinds: tuple[Kind, ...] = ("right", "fixed", "regressed", "both_wrong", "wrong")
    every = [one.kind for one in found]
    return {kind: every.count(kind) for kind in kinds if kind in every}
