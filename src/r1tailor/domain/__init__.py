"""What a domain means: how its documents become examples, and how an answer is parsed and scored.

Importing this imports no domain: ``declaration`` finds one by its kind.
"""

from collections.abc import Sequence

from r1tailor.domain.base import Domain
from r1tailor.domain.declaration import Declaration, ScoredMetric, declaration
from r1tailor.domain.text import Texts, is_text
from r1tailor.records import Document
from r1tailor.schema.domain import DomainSection

__all__ = ["Declaration", "Domain", "ScoredMetric", "declaration", "is_text", "open_domain"]


def open_domain(section: DomainSection, documents: Sequence[Document]) -> Domain:
    """Return the domain of a composition over its clean documents."""
    if section.task.kind == "text":
        return Texts(section, documents)
    return declaration(section.kind).open(section, documents)
