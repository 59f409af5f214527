"""Errors of an evaluated model: which items, why (attributions), where (modes), and ``errors.json`` about all of it.

``errors.json`` holds, as plain values: ``name``, ``model`` (hash of its manifest), ``domain``, ``metric``, ``n``,
``kinds`` (items by ``right``, ``fixed``, ``regressed``, ``both_wrong``, ``wrong``), ``confidence``, ``halves``
(``found_on``, ``tested_on``: items), ``modes`` and ``not_shown`` (each a ``Mode``), ``attributions`` (each an
``Attribution``), ``left_out`` (errors that were not explained, by the reason), ``notes``. The same model, evaluation
and settings give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from r1tailor.domain.base import answer_of
from r1tailor.evaluation.error_modes.attribution import Attribution, explained
from r1tailor.evaluation.error_modes.features import Described, Features, Origin, learn
from r1tailor.evaluation.error_modes.modes import Mode, Table, halves, least, modes
from r1tailor.evaluation.error_modes.outcomes import Outcome, counted, outcomes
from r1tailor.evaluation.evaluated_files import EvaluatedFiles
from r1tailor.inference.answerer import Answerer
from r1tailor.record_files import read_examples
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

Origins = Mapping[str, Origin]  # of each document, by its id


@dataclass(frozen=True)
class Findings:
    """What was found of a model's errors.

    Attributes:
        head: name, model, domain, metric and numbers, as ``errors.json`` has them.
        tested: every slice that was tested, the worst first.
        features: the columns that slices are made of.
        attributions: of single items.
        left_out: items that were not explained, by the reason.
        seconds: that the attributions took.
        notes: what a reader should know, a line each.
    """

    head: Mapping[str, Any]
    tested: Sequence[Mode]
    features: Features
    attributions: Sequence[Attribution]
    left_out: Mapping[str, int]
    seconds: float
    notes: Sequence[str] = field(default=())

    @property
    def shown(self) -> list[Mode]:
        """The slices in which errors are shown to be more frequent."""
        return [mode for mode in self.tested if self._is_shown(mode)]

    def _is_shown(self, mode: Mode) -> bool:
        return mode.p_holm < 1 - float(self.head["confidence"])

    def as_dict(self) -> dict[str, Any]:
        """Return what ``errors.json`` holds."""
        return {
            **self.head,
            "modes": [mode.as_dict() for mode in self.shown],
            "not_shown": [mode.as_dict() for mode in self.tested if not self._is_shown(mode)],
            "attributions": [one.as_dict() for one in self.attributions],
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        open: opens the tuned model.
        limit: items to explain, at most.
        metric: that calls an item right or wrong; None for that of the goals.
        progress: called with the number of items explained and of all to explain.
    """

    open: Callable[[], Answerer]
    limit: int
    metric: str | None
    progress: Callable[[int, int], None]


def findings(
    files: EvaluatedFiles, settings: Settings, origins: Origins, wanted: Wanted, model: str | None
) -> Findings:
    """Return what there is to say of the errors of an evaluated model.

    Args:
        files: of the evaluation.
        settings: the composition that was evaluated.
        origins: of documents.
        wanted: what is asked for.
        model: hash of its manifest, where it is known.

    Raises:
        DataError: there are no scores by item.
        UserError: nothing was scored by the metric.
    """
    metric, items = outcomes(files, settings, wanted.metric)
    why = explained(items, wanted.open, wanted.limit, settings.seed, wanted.progress)
    clusters = [item.cluster for item in items]
    found_on, tested_on = halves(clusters, settings.seed)
    described = [_described(item, origins) for item in items]
    against = {one.id: one.against for one in why.attributions if one.kind != "fixed"}
    first = [described[place] for place in found_on]
    features = learn(
        first,
        _trained_on(files),
        [against.get(items[place].example.id, "") for place in found_on],
        least(len(found_on)),
    )

    def table(places: Sequence[int]) -> Table:
        return Table(
            [features.columns(described[place]) for place in places],
            [items[place].wrong for place in places],
            [items[place].example.id for place in places],
            [clusters[place] for place in places],
        )

    head = {
        "name": files.name,
        "model": model,
        "domain": settings.domain.name,
        "metric": metric,
        "n": len(items),
        "kinds": counted(items),
        "confidence": settings.evaluation.confidence,
        "halves": {"found_on": len(found_on), "tested_on": len(tested_on)},
    }
    tested = modes(table(found_on), table(tested_on))
    return Findings(
        head, tested, features, why.attributions, why.left_out, why.seconds, _notes(items, found_on, tested)
    )


def _notes(items: Sequence[Outcome], found_on: Sequence[int], tested: Sequence[Mode]) -> list[str]:
    if tested:
        return []
    wrong = sum(items[place].wrong for place in found_on)
    return [f"no slice was tested: {wrong} errors among the {len(found_on)} items that slices are found on"]


def _described(item: Outcome, origins: Origins) -> Described:
    example = item.example
    known = next((origins[id_] for id_ in documents_of(example) if id_ in origins), Origin("", None))
    own = example.fields.get("disagreement")
    disagreement = own if isinstance(own, int | float) else known.disagreement
    return Described(
        example.asked,
        answer_of(example.output),
        known.source or None,
        item.tuned.truncated or "no",
        example.fields,
        disagreement,
    )


def documents_of(example: Example) -> list[str]:
    """Return the ids that the document of an example may have: its own, that before its number, its group."""
    own = example.id
    return [
        own,
        *(own.rpartition(sign)[0] for sign in "#-" if sign in own),
        *([example.group] if example.group else []),
    ]


def _trained_on(files: EvaluatedFiles) -> list[str]:
    path = files.path("data/train.jsonl")
    return [example.asked for example in read_examples(path)] if path else []
