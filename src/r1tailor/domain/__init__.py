"""What a domain means: how its documents become examples, and how an answer is parsed and scored."""

from collections.abc import Sequence

from r1tailor.domain.base import Domain
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.education import Education
from r1tailor.domain.education_zh import EducationZh
from r1tailor.domain.finance import DECLARATION
from r1tailor.domain.finance.finance import Finance
from r1tailor.domain.generic import Generic
from r1tailor.domain.legal import Legal
from r1tailor.domain.legal_zh import LegalZh
from r1tailor.domain.medical import Medical
from r1tailor.domain.medical_zh import MedicalZh
from r1tailor.records import Document
from r1tailor.schema.domain import Domain as DomainSettings
from r1tailor.schema.domain import (
    EducationDomain,
    EducationZhDomain,
    FinanceDomain,
    GenericDomain,
    LegalDomain,
    LegalZhDomain,
    MedicalDomain,
    MedicalZhDomain,
)

__all__ = ["Domain", "ScoredMetric", "declaration", "open_domain"]


def declaration(kind: str) -> Declaration:
    """Return what a kind of domain declares."""
    return DECLARATION if kind == DECLARATION.kind else Declaration(kind, ())


def open_domain(settings: DomainSettings, documents: Sequence[Document]) -> Domain:
    """Return the domain of a composition over its clean documents."""
    match settings:
        case MedicalDomain():
            return Medical(settings, documents)
        case GenericDomain():
            return Generic(settings, documents)
        case LegalDomain():
            return Legal(settings, documents)
        case LegalZhDomain():
            return LegalZh(settings, documents)
        case EducationDomain():
            return Education(settings, documents)
        case EducationZhDomain():
            return EducationZh(settings, documents)
        case MedicalZhDomain():
            return MedicalZh(settings, documents)
        case FinanceDomain():
            return Finance(settings, documents)
