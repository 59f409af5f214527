"""Precision, recall and F1 of each class are scikit-learn's and torchmetrics'."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_precision, multiclass_recall

from r1tailor.domain.base import Domain
from r1tailor.evaluation.corpus_metrics import confusions
from r1tailor.evaluation.per_class import per_class
from r1tailor.records import Example, Prediction
from tests.support.made_examples import generic_domain

LABELS = ["neurology", "cardiology", "nephrology", "surgery"]


def _drawn(seed: int) -> tuple[list[str], list[str]]:
    draw = np.random.default_rng(seed)
    wanted = draw.choice(LABELS[:3], 80, p=[0.6, 0.3, 0.1]).tolist()
    given = [label if draw.random() < 0.6 else str(draw.choice([*LABELS, ""])) for label in wanted]
    return wanted, given


def _cells(domain: Domain, wanted: list[str], given: list[str]) -> list[tuple[str, str, int]]:
    items = [Example(str(n), "", "x", label, fields={"entities": []}) for n, label in enumerate(wanted)]
    made = [Prediction(str(n), label or "the sea", 0.0, 1, "") for n, label in enumerate(given)]
    return confusions(domain, items, made) or []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_class_has_the_figures_of_scikit_learn(seed: int) -> None:
    domain = generic_domain([], f"domain.task.labels=[{','.join(LABELS)}]")
    wanted, given = _drawn(seed)
    cells = _cells(domain, wanted, given)
    rows = {row["label"]: row for row in per_class(cells)}
    outside = precision_recall_fscore_support(wanted, given, labels=LABELS, zero_division=np.nan)
    for place, label in enumerate(LABELS):
        found = [rows[label][name] for name in ("precision", "recall", "f1", "support")]
        known = [None if np.isnan(column[place]) else column[place] for column in outside]
        assert found[:2] + found[3:] == pytest.approx(known[:2] + known[3:])
        assert found[2] == pytest.approx(known[2] or 0.0)
    matrix = confusion_matrix(wanted, given, labels=[*LABELS, ""])
    assert {(one, other): count for one, other, count in cells} == {
        ([*LABELS, ""][row], [*LABELS, ""][column]): int(matrix[row, column])
        for row, column in zip(*matrix.nonzero(), strict=True)
    }


def test_each_class_has_the_figures_of_torchmetrics() -> None:
    domain = generic_domain([], f"domain.task.labels=[{','.join(LABELS)}]")
    wanted, given = _drawn(4)
    given = [label or LABELS[3] for label in given]  # torchmetrics knows no answer without a class
    rows = {row["label"]: row for row in per_class(_cells(domain, wanted, given))}
    numbers = [torch.tensor([LABELS.index(label) for label in labels]) for labels in (given, wanted)]
    outside = {"precision": multiclass_precision, "recall": multiclass_recall, "f1": multiclass_f1_score}
    for name, function in outside.items():
        values = function(*numbers, num_classes=len(LABELS), average="none").tolist()
        assert [rows[label][name] or 0.0 for label in LABELS] == pytest.approx(values), name


def test_what_is_not_defined_is_null() -> None:
    (wanted, given) = per_class([("a", "b", 2)])
    assert (wanted["precision"], wanted["recall"], wanted["f1"]) == (None, 0.0, 0.0)
    assert (given["precision"], given["recall"], given["f1"]) == (0.0, None, 0.0)
    assert per_class([]) == []


def test_items_with_closed_sets_of_their_own_have_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = generic_domain([], f"domain.task.labels=[{','.join(LABELS)}]")
    monkeypatch.setattr(domain, "labels_of", lambda item: (f"drug {item.id}", "none"))
    assert _cells(domain, ["none"] * 11, ["none"] * 11) == []
