"""What a domain means: how its documents become examples, and how an answer is parsed and scored."""

from collections.abc import Sequence

from r1tailor import schema
from r1tailor.domain.base import Domain, ScoredMetric
from r1tailor.domain.education import Education
from r1tailor.domain.education_zh import EducationZh
from r1tailor.domain.finance import Finance
from r1tailor.domain.generic import Generic
from r1tailor.domain.legal import Legal
from r1tailor.domain.legal_zh import LegalZh
from r1tailor.domain.medical import Medical
from r1tailor.domain.medical_zh import MedicalZh
from r1tailor.records import Document

__all__ = ["Domain", "ScoredMetric", "open_domain"]


def open_domain(settings: schema.Domain, documents: Sequence[Document]) -> Domain:
    """Return the domain of a composition over its clean documents."""
    match settings:
        case schema.MedicalDomain():
            return Medical(settings, documents)
        case schema.GenericDomain():
            return Generic(settings, documents)
        case schema.LegalDomain():
            return Legal(settings, documents)
        case schema.LegalZhDomain():
            return LegalZh(settings, documents)
        case schema.EducationDomain():
            return Education(settings, documents)
        case schema.EducationZhDomain():
            return EducationZh(settings, documents)
        case schema.MedicalZhDomain():
            return MedicalZh(settings, documents)
        case schema.FinanceDomain():
            return Finance(settings, documents)
