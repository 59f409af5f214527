"""chrF and macro-F1 are sacrebleu's and scikit-learn's; short references are reported."""

import numpy as np
import pytest
from sacrebleu.metrics import CHRF
from sklearn.metrics import confusion_matrix, f1_score

from r1tailor.evaluation.corpus_metrics import Chrf, MacroF1, confusions, label_pairs, over_all, short_references
from r1tailor.records import Example, Prediction
from tests.support.made_examples import generic_domain

REFERENCES = ["the cat sat on the mat", "内科", "", "a", "fever and cough"]
ANSWERS = ["a cat sat on a mat", "外科内科", "x", "", "fever, cough and chills"]
LABELS = ["neurology", "cardiology", "nephrology", "unused"]
NAMED = "+domain.task.metrics=[label_accuracy,macro_f1,{name: chrf, called: likeness}]"


def _chrf(answers: list[str], references: list[str]) -> Chrf:
    metric = Chrf()
    metric.update(answers, references)
    return metric


def test_chrf_is_sacrebleus_over_all_items_and_over_each() -> None:
    assert _chrf(ANSWERS, REFERENCES).value == pytest.approx(CHRF().corpus_score(ANSWERS, [REFERENCES]).score)
    for answer, reference in zip(ANSWERS, REFERENCES, strict=True):
        one = CHRF().corpus_score([answer], [[reference]]).score
        assert _chrf([answer], [reference]).value == pytest.approx(one)


def test_chrf_of_resamples_is_that_of_each() -> None:
    rows = _chrf(ANSWERS, REFERENCES).rows()
    drawn = np.array([[1.0, 0, 2, 0, 1], [0, 0, 0, 1, 0]])
    apart = [float(Chrf.of_sums(weights @ rows)) for weights in drawn]
    assert Chrf.of_sums(drawn @ rows).tolist() == pytest.approx(apart)


def _examples(wanted: list[str], given: list[str]) -> tuple[list[Example], list[Prediction]]:
    examples = [
        Example(str(i), "", "x", f"See {label.title()}.", fields={"entities": []}) for i, label in enumerate(wanted)
    ]
    return examples, [Prediction(str(i), f"It is {label}", 0.0, 1, "") for i, label in enumerate(given)]


def test_macro_f1_and_the_confusions_are_scikit_learns() -> None:
    domain = generic_domain([], NAMED, f"domain.task.labels=[{','.join(LABELS)}]")
    wanted = ["neurology"] * 5 + ["cardiology"] * 3 + ["nephrology"]
    given = ["neurology", "neurology", "cardiology", "the sea", "neurology", "cardiology", "neurology", "the sea"]
    given += ["cardiology"]
    examples, predictions = _examples(wanted, given)
    known = [label if label in LABELS else "" for label in given]
    outside = f1_score(wanted, known, labels=LABELS[:3], average="macro", zero_division=0)
    measured = over_all(domain, examples, predictions)
    assert list(measured) == ["macro_f1", "likeness"]
    assert measured["macro_f1"].value == pytest.approx(outside)
    cells = confusions(domain, examples, predictions)
    matrix = confusion_matrix(wanted, known, labels=[*LABELS, ""])
    assert cells is not None
    assert {(one, other): count for one, other, count in cells} == {
        ([*LABELS, ""][row], [*LABELS, ""][column]): int(matrix[row, column])
        for row, column in zip(*matrix.nonzero(), strict=True)
    }
    assert cells[0] == ("neurology", "neurology", 3)


def test_without_labels_or_names_nothing_is_measured_over_all() -> None:
    plain = generic_domain([])
    examples, predictions = _examples(["a long enough reference"], ["x"])
    assert over_all(plain, examples, predictions) == {}
    assert confusions(plain, examples, predictions) is None
    assert label_pairs(plain, examples, predictions) == []
    assert np.isnan(MacroF1(["a"]).value)


def test_short_references_are_reported_and_measured_by_chrf() -> None:
    examples = [
        Example("1", "", "x", "yes"),
        Example("2", "", "x", "<think>long and well thought</think>no"),
        Example("3", "", "x", "a b c d"),
    ]
    assert short_references(examples).startswith("67% of the references have fewer than four words: BLEU")
    assert short_references(examples[2:]) == ""
    predictions = [Prediction(example.id, "yes", 0.0, 1, "") for example in examples]
    assert list(over_all(generic_domain([]), examples, predictions)) == ["chrf"]
