"""Questions that follow from a date: of market domains alone, and of the documents as they are now."""

from datetime import date
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.inference import market
from r1tailor.records import Example
from r1tailor.schema.settings import Settings


@pytest.fixture
def composed(own_jsonl: Path) -> Settings:
    return config.load(["domain=generic", f"domain.sources.0.path={own_jsonl}"])


def test_a_domain_whose_questions_do_not_follow_from_a_date_is_refused(composed: Settings, tmp_path: Path) -> None:
    said = "domain generic answers texts: --asof and --today are for market domains"
    with pytest.raises(UserError, match=said):
        market.questions_at(composed, tmp_path, date(2020, 2, 24))


def test_a_market_is_asked_over_its_clean_documents(
    composed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dated:
        def __init__(self, documents: list[object]) -> None:
            self.documents = documents

        def questions_at(self, day: str) -> list[Example]:
            return [Example(f"risk/{day}", "How risky?", f"{len(self.documents)} documents", "")]

    monkeypatch.setattr(market, "open_domain", lambda _, documents: Dated(documents))
    domain, (question,) = market.questions_at(composed, tmp_path, date(2020, 2, 24))
    assert isinstance(domain, Dated)
    assert (question.id, question.input) == ("risk/2020-02-24", "60 documents")
