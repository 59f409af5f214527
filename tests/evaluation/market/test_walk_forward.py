"""Folds follow each other without overlap, and none sees what comes after it."""

from collections.abc import Callable

import numpy as np
import pytest

from r1tailor.errors import ConfigError
from r1tailor.evaluation.market.timeline import Timeline, risk_items
from r1tailor.evaluation.market.walk_forward import folds
from r1tailor.instruction.split import split
from r1tailor.records import Example
from r1tailor.schema.domain import Split
from r1tailor.schema.settings import Settings


def finance(settings: Callable[..., Settings], *overrides: str) -> Settings:
    return settings("domain=finance", "evaluation=walk_forward", *overrides)


def test_folds_follow_each_other_without_overlap_and_are_embargoed(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    walk = "evaluation.walk_forward={first_test: 1995, last_test: 2002, test_years: 2, validation_years: 1}"
    composed = finance(settings, walk, "evaluation.variants=[fold_1995, fold_1997, fold_1999, fold_2001]")
    items = risk_items([item for part in parts.values() for item in part])
    found = folds(composed, items[-1].available_at)
    assert [fold.name for fold in found] == ["fold_1995", "fold_1997", "fold_1999", "fold_2001"]
    seen: set[str] = set()
    for fold in found:
        split_of: Split = fold.settings(composed).domain.split
        placed = split(items, split_of, 1)
        tested = fold.tested(placed["test"])
        first = min(e.available_at for e in tested)
        assert not seen & {e.id for e in tested}
        seen |= {e.id for e in tested}
        for earlier, later in (("train", "validation"), ("validation", "test")):
            last = np.datetime64(max(e.available_at for e in placed[earlier]))
            start = np.datetime64(fold.validation if later == "validation" else fold.test)
            assert start - last >= np.timedelta64(split_of.embargo_days, "D")
        assert max(e.available_at for e in placed["train"]) < first
    assert seen == {e.id for e in items if e.available_at >= "1995-01-01"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["domain.split.embargo_days=20"], "domain.split.embargo_days = 20: labels look 29 calendar days ahead"),
        (
            [
                "evaluation.walk_forward.last_test=2023",
                "evaluation.variants=[fold_2007, fold_2011, fold_2015, fold_2019, fold_2023]",
            ],
            "last_test = 2023: the examples end on 2022-12-28",
        ),
    ],
)
def test_folds_that_would_leak_or_be_empty_are_refused(
    overrides: list[str], message: str, settings: Callable[..., Settings]
) -> None:
    with pytest.raises(ConfigError, match=message):
        folds(finance(settings, *overrides), "2022-12-28")
    shares = ("domain.split.by=similarity", "domain.split.boundaries=null", "domain.split.embargo_days=0")
    with pytest.raises(ConfigError, match="folds in time need by: time"):
        folds(finance(settings, *shares), "2022-12-28")
    assert folds(settings(), "2022-12-28") == []
