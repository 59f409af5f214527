"""What a domain means: how its documents become examples, and how an answer is parsed and scored."""

from collections.abc import Sequence

from r1tailor.domain.base import Domain, ScoredMetric
from r1tailor.domain.generic import Generic
from r1tailor.domain.medical import Medical
from r1tailor.records import Document
from r1tailor.schema import GenericDomain, MedicalDomain

__all__ = ["Domain", "ScoredMetric", "open_domain"]


def open_domain(settings: MedicalDomain | GenericDomain, documents: Sequence[Document]) -> Domain:
    """Return the domain of a composition over its clean documents."""
    match settings:
        case MedicalDomain():
            return Medical(settings, documents)
        case GenericDomain():
            return Generic(settings, documents)
