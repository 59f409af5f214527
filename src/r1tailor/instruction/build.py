"""Build the parts of a domain's examples, and check that train leaks nothing into validation or test."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from r1tailor import bounded
from r1tailor.domain import Domain, is_text
from r1tailor.errors import DataError
from r1tailor.instruction.card import card
from r1tailor.instruction.decontaminate import decontaminate
from r1tailor.instruction.likeness import repeated
from r1tailor.instruction.permitted import permitted
from r1tailor.instruction.removed import removed
from r1tailor.instruction.split import split
from r1tailor.layout import PARTS
from r1tailor.records import Document, Example
from r1tailor.schema.domain import Leaks


@dataclass(frozen=True)
class Parts:
    """The examples by part, and a report on them."""

    parts: dict[str, list[Example]]
    report: dict[str, Any]


def entered(domain: str, documents: Sequence[Document]) -> None:
    """Begin the examples of a domain (``bounded.py``): it is read as a whole, so its documents are one input."""
    size = sum(len(document.text) + len(str(document.fields)) for document in documents)
    bounded.entered(f"the examples of domain {domain}", size)


def build(domain: Domain, seed: int) -> Parts:
    """Turn a domain's documents into examples, split them, and remove leaks from train.

    Raises:
        DataError: there are too few examples for three parts, an example lacks what decides its part, or there is a
            leak and leaks are set to stop the run.
    """
    settings = domain.settings.split
    made = list(dated(domain))
    given = {**domain.placed(made), **_given(domain, made)}
    examples, duplicates = _unique(made, given)
    _entered_comparison(domain.settings.name, examples)
    left_out: dict[str, list[str]] = {}
    divided, not_permitted = permitted(split(examples, settings, seed, left_out, given), domain)
    parts, contamination = decontaminate(divided, _leaks(domain), domain.labels())
    empty = [name for name in PARTS if not parts[name]]
    if empty and not (empty == ["validation"] and settings.drawn_validation == 0):
        raise DataError(
            f"domain {domain.settings.name}: of {len(examples)} examples none is left for {', '.join(empty)}; "
            "give more examples, or larger shares in domain.split"
        )
    report = {
        "examples": {name: len(members) for name, members in parts.items()},
        "exact_duplicates_removed": duplicates,
        "reasoning_parsed": sum("</think>" in str(document.fields.get("output", "")) for document in domain.documents),
        "left_out": left_out,
        **({"outside_labels": dict(domain.outside)} if domain.outside else {}),
        "contamination": contamination,
        "removed": removed(duplicates, left_out, contamination["removed_from_train"], not_permitted),
        "leaks": leaks(parts, settings.similarity),
        "most_frequent_outputs": Counter(e.output for e in examples if not is_text(e)).most_common(5),
        "card": card(parts, domain.documents, domain.labels(), domain.settings.task.reasoning),
    }
    pairs = {name: sum(bool(example.rejected) for example in members) for name, members in parts.items()}
    given_pairs = sum("rejected_output" in document.fields for document in domain.documents)
    told = {"not_permitted": not_permitted, "pairs": {"given": given_pairs, **pairs} if given_pairs else {}}
    return Parts(parts, report | {key: value for key, value in told.items() if value})


def dated(domain: Domain) -> Iterator[Example]:
    """Yield the examples; one without a date gets the date of the document with its id."""
    dates = {document.id: document.available_at for document in domain.documents}
    for key, what, reads in (
        ("turns", "is a conversation", domain.reads_turns),
        ("rejected_output", "has a rejected answer", domain.reads_rejected),
    ):
        found = next((document for document in domain.documents if key in document.fields), None)
        if found and not reads:
            kind = domain.settings.kind
            raise DataError(f"{found.id} {what}, which domain.kind = {kind} does not read; kind: generic does")
    for example in domain.examples():
        yield example if example.available_at else replace(example, available_at=dates.get(example.id, ""))


def leaks(parts: dict[str, list[Example]], similarity: float) -> dict[str, int]:
    """Count held-out items that have a near-identical item in train: zero by construction, and checked here."""
    return {name: repeated(parts, name, similarity) for name in ("validation", "test")}


def _leaks(domain: Domain) -> Leaks:
    """Return what counts as a leak; of whole texts the text, which is their output, whatever a task would compare."""
    found = domain.settings.split.leaks
    return found.model_copy(update={"fields": ("output",)}) if domain.settings.task.kind == "text" else found


def _entered_comparison(domain: str, examples: Sequence[Example]) -> None:
    """Begin the split: every example is compared with every other, so what it may cost grows with their square."""
    size = sum(len(e.asked) + len(e.output) + len(e.reasoning) for e in examples)
    bounded.entered(f"the split of domain {domain} ({len(examples):,} examples)", max(size, size * size // bounded.MB))


def _given(domain: Domain, examples: Sequence[Example]) -> dict[str, str]:
    """Return the part of each example that was made of a document of ``split.test_from`` or ``validation_from``.

    Raises:
        DataError: no example was made of such a file.
    """
    part_of = {source.name: part for part, source in domain.settings.given_sources.items()}
    documents = {document.id: part_of[document.source] for document in domain.documents if document.source in part_of}
    given = {}
    for example in examples if part_of else ():
        made_of = (example.id, example.conversation, example.id.rpartition("#")[0])
        if part := next((documents[id_] for id_ in made_of if id_ in documents), ""):
            given[example.id] = part
    if missing := set(part_of.values()) - set(given.values()):
        part = min(missing)
        raise DataError(
            f"domain {domain.settings.name}: no example was made of domain.split.{part}_from = "
            f"{domain.settings.split.given[part]}"
        )
    return given


def _unique(examples: Sequence[Example], given: Mapping[str, str] = MappingProxyType({})) -> tuple[list[Example], int]:
    """Return the examples without exact duplicates of prompt and answer, and how many were removed.

    One that repeats an example of a given part is a leak, and none of these.
    """
    seen = {_content(e, given.get(e.id)): e for e in reversed(examples)}
    kept = list(reversed(seen.values()))
    return kept, len(examples) - len(kept)


def _content(example: Example, part: str | None) -> tuple[object, ...]:
    said = str((example.turns, example.tools, example.tool_calls, example.rejected))
    return (example.instruction, example.input, example.series, example.output, example.reasoning, said, part)
