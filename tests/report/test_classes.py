"""Per class: the measures equal scikit-learn's, answers without a label are counted, many classes are listed."""

import pytest
from sklearn.metrics import precision_recall_fscore_support

from r1tailor.records import Example, Prediction
from r1tailor.report.classes import MOST, cells, matrix, per_class

WANTED = ["a", "a", "a", "b", "b", "c"]
GIVEN = ["a", "b", "a", "b", "", "a"]


def _cells() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for pair in zip(WANTED, GIVEN, strict=True):
        found[pair] = found.get(pair, 0) + 1
    return found


def test_measures_equal_those_of_scikit_learn() -> None:
    expected = precision_recall_fscore_support(WANTED, GIVEN, labels=["a", "b", "c"], zero_division=0)
    rows = {row.label: row for row in per_class(_cells())}
    for place, label in enumerate("abc"):
        row = rows[label]
        values = (row.precision or 0.0, row.recall or 0.0, row.f1 or 0.0, row.support)
        assert values == pytest.approx([column[place] for column in expected])
    assert rows["c"].precision is None, "nothing was called c: there is no precision"
    assert [row.label for row in per_class(_cells())] == ["a", "b", "c"], "the largest first"


def test_labels_are_read_off_the_beginning_of_an_answer() -> None:
    item = (Example("e", "", "x", "Lungs and heart | J43"), Prediction("e", "", 0, 1, ""),
            Prediction("e", "Lungs | K00", 0, 1, ""))  # fmt: skip
    found = cells({}, ["Lungs", "Lungs and heart"], [item], "tuned")
    assert dict(found) == {("Lungs and heart", "Lungs"): 1}
    assert dict(cells({}, ["Lungs and heart"], [item], "base")) == {("Lungs and heart", ""): 1}
    assert not cells({}, [], [item], "tuned")
    assert cells({"confusion": {"tuned": [["a", "b", 2]]}}, [], [], "tuned") == {("a", "b"): 2}


def test_the_matrix_has_a_column_for_no_label_and_marks_what_is_right() -> None:
    found = matrix(_cells(), per_class(_cells()))
    assert found["columns"] == [(1, "a"), (2, "b"), (3, "c"), (4, "")]
    place, label, counts = found["rows"][0]
    assert (place, label) == (1, "a")
    assert [(count, right) for count, _, right in counts] == [(2, True), (1, False), (0, False), (0, False)]
    assert [shade for _, shade, _ in counts] == [4, 2, 0, 0]
    assert found["wrong"][0][2] == 1


def test_of_many_classes_the_most_frequent_confusions_are_listed() -> None:
    many = {(f"l{n}", f"l{n + 1}"): n + 1 for n in range(MOST + 1)}
    found = matrix(many, per_class(many))
    assert "rows" not in found
    assert found["wrong"][0] == (f"l{MOST}", f"l{MOST + 1}", MOST + 1)
