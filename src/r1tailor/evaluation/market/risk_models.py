"""The probability of a risky label, by base and tuned model and by the tuned one with its windows spoilt."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from r1tailor import artifact
from r1tailor.domain import Domain
from r1tailor.evaluation.market.ablation import shuffled, zeroed
from r1tailor.evaluation.market.decisions import TUNED, Scores
from r1tailor.evaluation.market.risk_scores import risk_probability
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.local import open_base, open_tuned
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

BASE, TEXT = "base", "tuned, numbers as text"
SHUFFLED, ZEROED = "tuned, windows shuffled", "tuned, windows zeroed"


@dataclass(frozen=True)
class TextOnly:
    """The model that was trained without temporal tokens, and the examples it reads: all there are, by id."""

    model: Path
    examples: dict[str, Example]


def model_scores(
    settings: Settings, domain: Domain, items: Sequence[Example], model: Path, text: TextOnly | None, root: Path
) -> dict[str, Scores]:
    """Return for each model the probability of a risky label by example id.

    The base model cannot read windows: it is given the numbers as text where there are such examples.

    Args:
        settings: the composition.
        domain: knows the closed set of labels.
        items: risk items.
        model: the tuned model's folder.
        text: what was trained on the numbers as text, if it was.
        root: the project's root.
    """
    windows: dict[str, Sequence[Example]] = (
        {SHUFFLED: shuffled(items, settings.seed), ZEROED: zeroed(items)} if items[0].series else {}
    )
    written = [text.examples[item.id] for item in items] if text else []
    asked: list[tuple[Path | None, dict[str, Sequence[Example]]]] = [
        (model, {TUNED: items} | windows),
        (None, {BASE: written or items}),
    ]
    if text:
        asked.append((text.model, {TEXT: written}))
    tuned, found = artifact.read(model), dict[str, Scores]()
    with Progress() as bar:
        task = bar.add_task("ranking the risk of every day", total=len(items) * sum(len(kinds) for _, kinds in asked))
        for folder, kinds in asked:
            answerer: Answerer = (
                open_tuned(artifact.read(folder), settings, root)
                if folder
                else open_base(settings, root, tuned.precision)
            )
            for kind, examples in kinds.items():
                found[kind] = _scores(answerer, domain, examples)
                bar.advance(task, len(items))
            del answerer
            gc.collect()
    return found


def _scores(answerer: Answerer, domain: Domain, items: Sequence[Example]) -> Scores:
    labels = [domain.labels_of(item) for item in items]
    scores = answerer.rank(items, labels)
    return {item.id: risk_probability(closed, found) for item, closed, found in zip(items, labels, scores, strict=True)}
