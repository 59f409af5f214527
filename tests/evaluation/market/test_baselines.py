"""Plain classifiers learn from train alone, and never score an example that they were fitted on."""

from dataclasses import replace

import numpy as np
import pytest

from r1tailor.errors import DataError
from r1tailor.evaluation.market.baselines import BOOSTING, LOGISTIC, fitted_scores, matrix
from r1tailor.evaluation.market.timeline import risk_items
from r1tailor.records import Example


@pytest.mark.parametrize("name", [LOGISTIC, BOOSTING])
def test_a_plain_classifier_learns_from_train_and_never_sees_a_later_label(
    name: str, parts: dict[str, list[Example]]
) -> None:
    train, later, test = (risk_items(parts[part]) for part in ("train", "validation", "test"))
    before, found = fitted_scores(name, train, [*train, *later], test, 1)
    risky = np.array([e.fields["label"] == "high" for e in test])
    assert found[risky].mean() > 0.4 > 0.2 > found[~risky].mean()
    blind = [replace(e, fields=e.fields | {"label": "low"}) for e in test]
    assert (fitted_scores(name, train, [*train, *later], blind, 1)[1] == found).all()
    turned = [replace(e, fields=e.fields | {"label": "low"}) for e in later]
    again = fitted_scores(name, train, [*train, *turned], test, 1)
    assert (again[0] == before).all()
    assert (again[1] == found).all()


def test_scores_on_train_are_of_models_that_did_not_see_that_stretch(parts: dict[str, list[Example]]) -> None:
    """One label in the middle turned over moves no score of its own stretch; a fit on all of train would move it."""
    train = risk_items(parts["train"])
    turned = [replace(e, fields=e.fields | {"label": "high"}) if n == 100 else e for n, e in enumerate(train)]
    one, other = (fitted_scores(BOOSTING, items, train, train[:1], 1)[0] for items in (train, turned))
    stretch = next(s for s in np.array_split(np.arange(len(train)), 5) if 100 in s)
    assert (one[stretch] == other[stretch]).all()


def test_where_train_knows_one_label_a_classifier_gives_its_share(parts: dict[str, list[Example]]) -> None:
    train = [e for e in risk_items(parts["train"]) if e.fields["label"] == "low"]
    before, test = fitted_scores(LOGISTIC, train, train, risk_items(parts["test"]), 1)
    assert set(before) == set(test) == {0.0}


def test_an_item_without_a_feature_is_named(parts: dict[str, list[Example]]) -> None:
    with pytest.raises(DataError, match=r"example risk/.* has no 'spread' among its fields"):
        matrix(risk_items(parts["train"]), ["spread"])


@pytest.mark.parametrize("name", [LOGISTIC, BOOSTING])
def test_features_that_were_never_known_are_passed_over(parts: dict[str, list[Example]], name: str) -> None:
    def without(items: list[Example], *missing: str) -> list[Example]:
        return [
            replace(item, fields=item.fields | {"features": item.fields["features"] | dict.fromkeys(missing)})
            for item in items
        ]

    train, before, test = (risk_items(parts[part]) for part in ("train", "validation", "test"))
    of_credit = ("spread", "spread_change")
    scores = fitted_scores(name, without(train, *of_credit), without(before, *of_credit), without(test, *of_credit), 1)
    assert [len(part) for part in scores] == [len(before), len(test)]
    assert all(((part >= 0) & (part <= 1)).all() for part in scores)
    every = tuple(train[0].fields["features"])
    nothing = fitted_scores(name, without(train, *every), without(before, *every), without(test, *every), 1)
    assert len(set(nothing[1].tolist())) == 1
