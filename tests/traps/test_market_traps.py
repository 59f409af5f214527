"""Traps 24 and 28: no feature looks ahead, and no prompt says which market it is about, or when."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from r1tailor.domain.finance import features
from r1tailor.domain.finance import finance as finance_module
from r1tailor.domain.finance.finance import Finance
from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.snapshot import Market, Snapshot, snapshot
from r1tailor.errors import DataError
from r1tailor.instruction import split as splitting
from r1tailor.instruction.build import build
from r1tailor.records import Document
from tests.support.market_documents import ALONE, finance, index, real, row, walk
from tests.traps.shown import shown

DATES, REBUILT, PLANTED = 1000, 6, 200
ROLES = ("index", "stocks", "credit", "factors")


# --- 24: look-ahead ----------------------------------------------------------------------------------------------


def _chosen(domain: Finance, count: int, first: str = "1990-04-03") -> list[str]:
    """Return random trading days, from one on that has a whole window."""
    dates, _ = domain.levels()
    places = np.random.default_rng(24).choice(np.arange(dates.index(first), len(dates)), count, replace=False)
    return [dates[place] for place in sorted(places)]


def _read(domain: Finance, date: str) -> tuple[Any, Any]:
    """Return the features and the window of one day."""
    known = domain._snapshot(date)
    assert known is not None
    task = domain.settings.task
    daily = features.channels(known)
    window = features.series(daily, task.channels, task.window, task.normalise_days)
    return features.summary(known, daily, task.window, task.normalise_days), window


def _truncated(domain: Finance, date: str) -> Finance:
    """Return a domain that has no row from after a day: what its store would hold if it had stopped then."""
    stopped = object.__new__(Finance)
    stopped.settings = domain.settings
    stopped._market = replace(domain._market, **{role: _until(getattr(domain._market, role), date) for role in ROLES})
    return stopped


def _until(rows: PointInTime, date: str) -> PointInTime:
    kept = rows.available <= np.datetime64(date)
    return PointInTime(rows.names, rows.events[kept].copy(), rows.available[kept].copy(), rows.values[kept].copy())


def check_truncation() -> None:
    """What is read at 1,000 days does not change when all rows of later days are taken away."""
    domain = finance(real())
    for date in _chosen(domain, DATES):
        assert _read(domain, date) == _read(_truncated(domain, date), date), f"{date} knows what came later"


def check_truncated_documents() -> None:
    """The same from documents, as a run of that day would have read them."""
    domain = finance(real())
    for date in _chosen(domain, REBUILT, first="2014-01-02"):  # all sources have rows from then on
        stopped = finance([document for document in real() if document.available_at <= date])
        assert _read(domain, date) == _read(stopped, date), f"{date} knows what came later"


def _all_that_is_known_now(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(PointInTime, "_count", lambda rows, _: len(rows.events))


def _a_month_before_it_was_published(patched: pytest.MonkeyPatch) -> None:
    """Monthly figures are taken to be known on the day they speak of."""
    whole = PointInTime.newest

    def newest(rows: PointInTime, at: str) -> tuple[Any, Any]:
        kept = rows.events <= np.datetime64(at)
        return (rows.events[kept], rows.values[kept]) if "BAA" in rows.names else whole(rows, at)

    patched.setattr(PointInTime, "newest", newest)


def _from_the_highest_close_of_all_times(patched: pytest.MonkeyPatch) -> None:
    def peeking(market: Market, at: str, length: int) -> Snapshot:
        return replace(snapshot(market, at, length), high_before=float(market.index.latest().values.max()))

    patched.setattr(finance_module, "snapshot", peeking)


def test_trap_24_at_1000_days_truncated_data_give_the_same_features() -> None:
    shown(check_truncation, _all_that_is_known_now, "knows what came later")


def test_trap_24_so_do_truncated_documents() -> None:
    shown(check_truncated_documents, _all_that_is_known_now, "knows what came later")


@pytest.mark.parametrize("fault", [_a_month_before_it_was_published, _from_the_highest_close_of_all_times])
def test_trap_24_a_feature_that_looks_ahead_is_seen(fault: Any) -> None:  # noqa: ANN401
    with pytest.MonkeyPatch.context() as patched:
        fault(patched)
        with pytest.raises(AssertionError, match="knows what came later"):
            check_truncation()


def _planted(domain: Finance) -> list[Document]:
    """Return wrong figures of the past that become available on later days, one a chosen day."""
    generator, revisions = np.random.default_rng(28), []
    rows = {source: [d for d in real() if d.source == source] for source in ("sp500", "stocks", "credit")}
    for number, date in enumerate(_chosen(domain, PLANTED)):
        source = ("sp500", "stocks", "credit")[number % 3]
        known = [d for d in rows[source] if d.fields["event"] <= date]
        original = known[-1 - int(generator.integers(3 if source == "credit" else 60))]
        wrong = {name: value * 10 for name, value in original.fields["values"].items()}
        later = str(np.datetime64(date) + 1)
        revisions.append(row(source, original.fields["event"], wrong, later, revision=2 + number))
    return revisions


def check_planted_rows() -> None:
    """No planted figure is used before the day it became available; from that day on it is."""
    domain = finance(real())
    planted = _planted(domain)
    with_them = finance([*real(), *planted])
    for figure in planted:
        before = str(np.datetime64(figure.available_at) - 1)
        assert _read(with_them, before) == _read(_truncated(with_them, before), before), (
            f"{figure.id} is used too early"
        )
        if figure.source != "credit":  # there a corrected month need not be one that a feature looks at
            assert _read(with_them, figure.available_at) != _read(with_them, before), f"{figure.id} is never used"


def test_trap_24_a_planted_future_row_is_never_used_before_its_time() -> None:
    shown(check_planted_rows, _all_that_is_known_now, "is used too early")


def test_trap_24_a_row_known_before_it_happened_is_caught_every_time() -> None:
    domain = finance(real())
    for date in _chosen(domain, PLANTED):
        happens = str(np.datetime64(date) + 1)
        with pytest.raises(DataError, match="nothing can be known before it happens"):
            PointInTime.of([row("sp500", happens, {"SP500": 1.0}, date)])


def check_labels_end_before_the_boundary() -> None:
    """Without any embargo, too, nothing is learnt from an answer that only the held-out time could tell."""
    parts = build(finance(real(), "domain.task.every_days=20", "domain.split.embargo_days=0"), seed=1).parts
    for part, end in (("train", "2004-01-01"), ("validation", "2007-01-01")):
        latest = max(example.fields["label_until"] for example in parts[part])
        assert latest < end, f"an answer of {part} looks into what follows"


def _answers_are_dated_by_their_question(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(splitting, "_answered", lambda _, known: known)


def test_trap_24_answers_that_look_over_a_boundary_are_purged() -> None:
    shown(check_labels_end_before_the_boundary, _answers_are_dated_by_their_question, "looks into what follows")


# --- 28: what a language model may have read ------------------------------------------------------------------------

_TELLING = re.compile(r"(?:19|20)\d\d|S&P|SP500|BAA|AAA|Lehman|COVID|United States|US\b")


def check_masked() -> None:
    """By default no prompt tells the time or the market."""
    for text in (False, True):
        domain = finance(real(), "domain.task.every_days=20", f"domain.task.numbers_as_text={text}")
        for example in domain.examples():
            told = _TELLING.search(f"{example.instruction}\n{example.input}")
            assert not told, f"a prompt tells {told.group()}"


def _named(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Finance, "_context", lambda domain, date: f"{domain._market.index.names[0]} on {date}")


def test_trap_28_prompts_name_neither_market_nor_date() -> None:
    shown(check_masked, _named, "a prompt tells SP500")


def test_unmasked_prompts_tell_both() -> None:
    first = next(finance(index(walk(100)[:, 0].tolist()), *ALONE, "domain.task.mask=false").examples())
    assert first.input.startswith(f"SP500 on {first.available_at}. ")
