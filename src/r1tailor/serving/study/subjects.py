"""Held-out items that two subjects answered: what a study draws from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.evaluation.evaluated_files import EvaluatedFiles, find
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Example
from r1tailor.registry import Registry


@dataclass(frozen=True, slots=True)
class Item:
    """A held-out item with both answers, as the models wrote them.

    Attributes:
        id: of the example.
        instruction: what was asked.
        input: what it was asked about; may be empty.
        answers: of the first and of the second subject; reasoning, if there is any, comes before ``</think>``.
    """

    id: str
    instruction: str
    input: str
    answers: tuple[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answered:
    """What two subjects answered.

    Attributes:
        domain: whose held-out items they are.
        title: of the domain.
        language: of the domain.
        items: those that both answered, differently, in the order of the held-out items.
        identical: ids of those on which both answers are the same: nobody is asked about them.
        places: what each subject was taken to mean.
        privacy: ``domain.cleaning.privacy``, by which comments are treated; None for domains without.
    """

    domain: str
    title: str
    language: str
    items: tuple[Item, ...]
    identical: tuple[str, ...]
    places: tuple[str, str]
    privacy: dict[str, Any] | None


def answered(domain: str, subjects: Sequence[str], registry: Registry, root: Path) -> Answered:
    """Return the held-out items that both subjects answered.

    A subject is a name that the domain's evaluation knows (``base``, ``tuned``, a compressed form), or a version, a run
    or a domain, whose tuned model is meant. Nothing is generated: what was evaluated is compared.

    Args:
        domain: a domain, a version or the folder of a run that was evaluated.
        subjects: two different names.
        registry: the project's.
        root: the project's root.

    Raises:
        UserError: a subject was not evaluated, or the two have no held-out item in common.
    """
    if len(subjects) != 2 or subjects[0] == subjects[1]:
        raise UserError(f"--subjects {','.join(subjects)}: name two different subjects, such as base,tuned")
    own = find(domain, registry, root)
    (first, place), (second, other) = (_predictions(name, own, registry, root) for name in subjects)
    asked = {id_: example for id_, example in first.items() if _same(example, second.get(id_))}
    if not asked:
        raise UserError(f"{place} and {other} have no held-out item in common")
    items = [Item(id_, one.instruction, one.input, (one.output, second[id_].output)) for id_, one in asked.items()]
    composition = own.path("config.yaml")
    assert composition is not None
    named = config.plain_values(composition)["domain"]
    return Answered(
        domain=named["name"],
        title=named["title"],
        language=named["language"],
        items=tuple(item for item in items if item.answers[0].strip() != item.answers[1].strip()),
        identical=tuple(item.id for item in items if item.answers[0].strip() == item.answers[1].strip()),
        places=(place, other),
        privacy=named["cleaning"]["privacy"],
    )


def _same(example: Example, other: Example | None) -> bool:
    return other is not None and (example.instruction, example.input) == (other.instruction, other.input)


def _predictions(name: str, own: EvaluatedFiles, registry: Registry, root: Path) -> tuple[Mapping[str, Example], str]:
    """Return the held-out examples with a subject's answers in the place of their outputs, and what was read."""
    files, subject = own, name
    if own.path(f"evaluation/predictions-{name}.jsonl") is None:
        try:
            files, subject = find(name, registry, root), "tuned"
        except UserError as error:
            raise UserError(f"subject {name}: the evaluation of {own.name} has no such subject, and {error}") from None
    made, test = files.path(f"evaluation/predictions-{subject}.jsonl"), files.path("data/test.jsonl")
    if made is None or test is None:
        raise UserError(f"subject {name}: {files.name} holds no predictions of {subject}, or no held-out items")
    answers = {one.id: one.generated for one in read_predictions(made)}
    examples = [example for example in read_examples(test) if example.id in answers]
    shown = {one.id: Example(one.id, one.instruction, one.asked, answers[one.id]) for one in examples if not one.series}
    return shown, f"{subject} of {files.name}"
