"""Calibration of ranked labels: torchmetrics' error, the Brier score by its definition, planted over-confidence."""

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from r1tailor.evaluation import calibration
from r1tailor.records import Example, Prediction
from tests.support.made_examples import generic_domain

LABELS = ("red", "green", "blue")
DOMAIN = generic_domain([], f"domain.task.labels=[{','.join(LABELS)}]")


def _made(count: int, sharp: float) -> tuple[list[Example], list[Prediction], np.ndarray, np.ndarray]:
    """Return items whose labels are drawn from known probabilities, which the model sharpens."""
    draw = np.random.default_rng(7)
    logits = draw.normal(0, 1.5, (count, 3))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wanted = np.array([draw.choice(3, p=p) for p in true])
    scores = sharp * np.log(true) - 40  # likelihoods of labels never sum to 1
    items = [Example(str(n), "", "x", LABELS[label], fields={"entities": []}) for n, label in enumerate(wanted)]
    made = [Prediction(str(n), "", -1.0, 1, "", tuple(row)) for n, row in enumerate(scores.tolist())]
    given = np.exp(scores + 40) / np.exp(scores + 40).sum(axis=1, keepdims=True)
    return items, made, given, wanted


@pytest.mark.parametrize("sharp", [0.5, 1.0, 3.0])
def test_the_values_are_those_of_torchmetrics_and_of_the_definition(sharp: float) -> None:
    items, made, given, wanted = _made(300, sharp)
    found = calibration.measured(DOMAIN, items, made)
    outside = multiclass_calibration_error(
        torch.from_numpy(given), torch.from_numpy(wanted), num_classes=3, n_bins=10, norm="l1"
    )
    assert found[calibration.ECE].value == pytest.approx(float(outside), abs=1e-6)
    each = [brier_score_loss(wanted == place, given[:, place]) for place in range(3)]
    assert found[calibration.BRIER].value == pytest.approx(sum(each)), "of several classes it is the sum over them"
    curve = calibration.curve(DOMAIN, items, made)
    assert sum(n for n, _, _ in curve) == 300
    gap = sum(n * abs(confidence - right) for n, confidence, right in curve) / 300
    assert gap == pytest.approx(found[calibration.ECE].value)


def test_a_model_that_is_too_sure_is_found() -> None:
    honest, sure = (calibration.measured(DOMAIN, *_made(500, sharp)[:2])[calibration.ECE] for sharp in (1.0, 4.0))
    assert sure.bounds(300, 0.95, 1)[0] > honest.bounds(300, 0.95, 1)[1]


def test_without_ranked_labels_nothing_is_measured() -> None:
    items, made, _, _ = _made(3, 1.0)
    unranked = [Prediction(one.id, "", -1.0, 1, "") for one in made]
    assert calibration.measured(DOMAIN, items, unranked) == {}
    assert calibration.curve(DOMAIN, items, unranked) == []
    assert calibration.scores(DOMAIN, items[0], unranked[0]) == {}
    odd = [Prediction(one.id, "", -1.0, 1, "", (float("nan"),) * 3) for one in made]
    assert calibration.measured(DOMAIN, items, odd) == {}
    other = [Example("0", "", "x", "none of them", fields={"entities": []})]
    assert calibration.measured(DOMAIN, other, made[:1]) == {}
