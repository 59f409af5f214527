"""What the owners of sources permit."""

from datetime import date

import pytest

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.sources.permissions import listed, not_passed_on, not_trained, refuse_passing_on, under_embargo
from tests.support.private import source

SOURCES = [
    source("free"),
    source("late", embargo_until="2026-05-01"),
    source("bench", use="evaluate"),
    source("own", redistribution=False),
    source("silent").model_copy(update={"permissions": None}),
]


def test_an_embargo_ends_on_its_day() -> None:
    assert under_embargo(SOURCES, date(2026, 4, 30)) == {"late": "2026-05-01"}
    assert under_embargo(SOURCES, date(2026, 5, 1)) == {}


def test_what_may_be_evaluated_only_is_not_trained() -> None:
    assert not_trained(SOURCES) == {"bench"}


def test_what_may_not_be_passed_on_is_refused_by_name() -> None:
    assert not_passed_on(SOURCES) == ("own",)
    refuse_passing_on("fund-1", SOURCES[:3], "")
    with pytest.raises(
        UserError, match=r"^fund-1 was made of sources that may not be passed on \(own: .*\); stay here$"
    ):
        refuse_passing_on("fund-1", SOURCES, "stay here")


def test_the_packaged_finance_sources_may_be_trained_on_and_not_passed_on() -> None:
    sources = config.load(["domain=finance"]).domain.sources
    assert not_trained(sources) == frozenset()
    assert not_passed_on(sources) == ("sp500", "stocks", "credit", "factors")


def test_the_report_lists_what_each_owner_permits() -> None:
    assert listed(SOURCES) == [
        ("free", "training and evaluation", "may be passed on", "no embargo", "public"),
        ("late", "training and evaluation", "may be passed on", "not before 2026-05-01", "public"),
        ("bench", "evaluation only", "may be passed on", "no embargo", "public"),
        ("own", "training and evaluation", "may not be passed on", "no embargo", "public"),
    ]
