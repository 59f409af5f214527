"""Domains with privacy, made of the sections that privacy reads."""

from collections.abc import Sequence

from r1tailor.schema.corpus import Cleaning, Compliance, Privacy
from r1tailor.schema.domain import DomainSection
from r1tailor.schema.sources import JsonlSource, Source


def domain(compliance: Compliance, privacy: Privacy | None = None, sources: Sequence[Source] = ()) -> DomainSection:
    """Return the settings of a domain that has nothing but compliance, privacy and sources."""
    cleaning = Cleaning(rules=(), privacy=privacy)
    return DomainSection.model_construct(compliance=compliance, cleaning=cleaning, sources=tuple(sources))


def source(name: str, **permissions: object) -> JsonlSource:
    """Return a source of that name; permissions that are not given permit everything."""
    everything = {"use": "train", "redistribution": True, "embargo_until": None, "inside_information": False}
    return JsonlSource.model_validate(
        {
            "kind": "jsonl",
            "name": name,
            "licence": "own",
            "available_at": "2020-01-01",
            "on_damage": "list",
            "path": f"data/{name}.jsonl",
            "permissions": everything | permissions,
        }
    )
