"""A build takes dates and groups from the documents, and reports what it left out."""

from collections.abc import Callable
from datetime import date, timedelta

from r1tailor.domain import open_domain
from r1tailor.instruction.build import build
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.domain.test_base import FACTS, _text

FIRST = date(2023, 12, 1)
Compose = Callable[..., Settings]


def test_a_build_by_time_takes_the_dates_of_the_documents_and_lists_what_it_left_out(settings: Compose) -> None:
    fields = {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    documents = [
        Document(f"d{i}", _text(i), position="1", fields=fields, **FACTS | {"available_at": str(FIRST + timedelta(i))})
        for i in range(100)
    ]
    overrides = ["++domain.split.by=time", "++domain.split.embargo_days=2", "domain.split.test=0.2"]
    composed = settings("domain=generic", "domain.sources.0.path=x", "domain.split.validation=0.2", *overrides)
    built = build(open_domain(composed.domain, documents), seed=1)
    assert built.report["examples"] == {"train": 58, "validation": 18, "test": 20}
    assert built.report["left_out"] == {"embargo": ["d58", "d59", "d78", "d79"]}
    assert {e.available_at for e in built.parts["test"]} == {str(FIRST + timedelta(i)) for i in range(80, 100)}
