"""The confusion matrix as it is drawn: a column for no label, what is right is marked, many classes are listed."""

from r1tailor.evaluation.per_class import Cell, per_class
from r1tailor.report.classes import MOST, matrix

CELLS: list[Cell] = [("a", "a", 2), ("a", "b", 1), ("b", "b", 1), ("b", "", 1), ("c", "a", 1)]


def test_the_matrix_has_a_column_for_no_label_and_marks_what_is_right() -> None:
    found = matrix(CELLS, per_class(CELLS))
    assert found["columns"] == [(1, "a"), (2, "b"), (3, "c"), (4, "")]
    place, label, counts = found["rows"][0]
    assert (place, label) == (1, "a")
    assert [(count, right) for count, _, right in counts] == [(2, True), (1, False), (0, False), (0, False)]
    assert [shade for _, shade, _ in counts] == [4, 2, 0, 0]
    assert found["wrong"][0][2] == 1


def test_of_many_classes_the_most_frequent_confusions_are_listed() -> None:
    many: list[Cell] = [(f"l{n}", f"l{n + 1}", n + 1) for n in range(MOST + 1)]
    found = matrix(many, per_class(many))
    assert "rows" not in found
    assert found["wrong"][0] == (f"l{MOST}", f"l{MOST + 1}", MOST + 1)
