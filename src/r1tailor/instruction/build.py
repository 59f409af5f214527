"""Build the parts of a domain's examples, and check that nothing leaks from train into test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.domain import Domain
from r1tailor.errors import DataError
from r1tailor.instruction.split import PARTS, similar_pairs, split
from r1tailor.records import Example


@dataclass(frozen=True)
class Parts:
    """The examples of each part, and a report on them."""

    parts: dict[str, list[Example]]
    report: dict[str, Any]


def build(domain: Domain, seed: int) -> Parts:
    """Turn a domain's documents into examples and split them.

    Raises:
        DataError: too few examples for three parts.
    """
    examples, duplicates = _unique(list(domain.examples()))
    parts = split(examples, domain.settings.split, seed)
    empty = [name for name in PARTS if not parts[name]]
    if empty and not (empty == ["validation"] and domain.settings.split.validation == 0):
        raise DataError(
            f"domain {domain.settings.name}: of {len(examples)} examples none is left for {', '.join(empty)}; "
            "give more examples, or larger shares in domain.split"
        )
    report = {
        "examples": {name: len(members) for name, members in parts.items()},
        "exact_duplicates_removed": duplicates,
        "leaks": leaks(parts, domain.settings.split.similarity),
        "most_frequent_outputs": Counter(example.output for example in examples).most_common(5),
    }
    return Parts(parts, report)


def leaks(parts: dict[str, list[Example]], similarity: float) -> dict[str, int]:
    """Count held-out items that have a near-identical item in train; zero by construction, checked again."""
    train = [example.input or example.output for example in parts["train"]]
    found = {}
    for name in ("validation", "test"):
        held_out = [example.input or example.output for example in parts[name]]
        found[name] = len(set(similar_pairs(held_out, similarity, train)[0])) if held_out and train else 0
    return found


def _unique(examples: Sequence[Example]) -> tuple[list[Example], int]:
    """Return the examples without exact repetitions of prompt and answer, and how many were removed."""
    seen = {(e.instruction, e.input, e.output, e.reasoning): e for e in reversed(examples)}
    kept = list(reversed(seen.values()))
    return kept, len(examples) - len(kept)
