"""What tests of domains and of splits share: records, a generic domain over them, texts that are all different."""

from r1tailor import config
from r1tailor.domain import Domain, open_domain
from r1tailor.records import Document, Example

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}


def generic_domain(documents: list[Document], *overrides: str) -> Domain:
    """Return a generic domain over documents."""
    composed = config.load(["domain=generic", "domain.sources.0.path=x", *overrides])
    return open_domain(composed.domain, documents)


def record(number: int, text: str, **fields: object) -> Document:
    """Return a record with an output."""
    empty = {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    return Document(f"mine-{number}", text, position=f"line {number}", fields=empty | fields, **FACTS)


def text_of(number: int) -> str:
    """Return a text that shares next to nothing with that of any other number."""
    return " ".join(f"{(number + 1) * factor % 999_983:06d}" for factor in (7919, 104_729, 611_953, 15_485_863))


def examples_of(count: int) -> list[Example]:
    """Return examples whose texts share next to nothing."""
    return [Example(f"e{i}", "", text_of(i), "b") for i in range(count)]


def place(parts: dict[str, list[Example]]) -> dict[str, str]:
    """Return the part that each example is in, by id."""
    return {example.id: name for name, members in parts.items() for example in members}
