"""Baselines: plain models on the same features, which a language model has to beat.

They score every decision day, as the models do. They are fitted on ``train`` only. Scores on ``train`` itself come from
fits that did not see that stretch of it; otherwise thresholds would be set on memorised labels.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from r1tailor.errors import DataError
from r1tailor.evaluation.market.timeline import is_risky
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example

VOLATILITY, LOGISTIC, BOOSTING = "volatility threshold", "logistic regression", "gradient boosting"
_STRETCHES = 5  # of train, each scored by a fit on the others


def volatility(items: Sequence[Example]) -> Array:
    """Return the trailing volatility of each item, [n]."""
    return np.array([_number(item, item.fields, "volatility") for item in items])


def fitted_scores(
    name: str, train: Sequence[Example], calibration: Sequence[Example], test: Sequence[Example], seed: int
) -> tuple[Array, Array]:
    """Return a plain classifier's probability of a risky label for the items of calibration and test.

    Args:
        name: ``LOGISTIC`` or ``BOOSTING``.
        train: risk items to fit on, in order of date.
        calibration: risk items before the test; those of ``train`` are scored by a fit without their stretch.
        test: risk items of the test; their labels are not read.
        seed: of the fit.
    """
    columns = sorted(train[0].fields["features"]) if train else []
    features, risky = matrix(train, columns), np.array([is_risky(item) for item in train])
    fit = _fitted(name, features, risky, seed)
    scores = dict(zip([item.id for item in calibration], fit(matrix(calibration, columns)), strict=True))
    for stretch in np.array_split(np.arange(len(train)), _STRETCHES):
        others = np.setdiff1d(np.arange(len(train)), stretch)
        found = _fitted(name, features[others], risky[others], seed)(features[stretch])
        scores |= {
            train[number].id: score for number, score in zip(stretch, found, strict=True) if train[number].id in scores
        }
    return np.array([scores[item.id] for item in calibration]), fit(matrix(test, columns))


def matrix(items: Sequence[Example], columns: Sequence[str]) -> Array:
    """Return the features [items, features]; NaN where one was not known that day.

    Raises:
        DataError: an item lacks a feature.
    """
    return np.array(
        [[_number(item, item.fields["features"], name) for name in columns] for item in items], dtype=float
    ).reshape(len(items), len(columns))


def _number(item: Example, values: dict[str, Any], name: str) -> float:
    if name not in values:
        raise DataError(f"example {item.id} has no {name!r} among its fields")
    return float("nan") if values[name] is None else float(values[name])


def _fitted(name: str, features: Array, risky: Array, seed: int) -> Callable[[Array], Array]:
    """Return the probability of a risky label as a function of features; constant if train has only one label.

    Features that train never knew are passed over: a market without credit has no spread, and boosting cannot bin it.
    """
    known = ~np.isnan(features).all(axis=0)
    if len(set(risky.tolist())) < 2 or not known.any():
        share = float(risky.mean()) if len(risky) else 0.0
        return lambda rows: np.full(len(rows), share)
    model = _classifier(name, seed).fit(features[:, known], risky)
    return lambda rows: np.asarray(model.predict_proba(rows[:, known])[:, 1]) if len(rows) else np.zeros(0)


def _classifier(name: str, seed: int) -> Any:  # noqa: ANN401  (scikit-learn's estimators share no type)
    # Only markets need scikit-learn, and importing it takes seconds.
    if name == LOGISTIC:
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        filled = SimpleImputer(strategy="median", keep_empty_features=True)
        return make_pipeline(filled, StandardScaler(), LogisticRegression(max_iter=1000, random_state=seed))
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=20, random_state=seed
    )
