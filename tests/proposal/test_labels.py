"""Spellings of one label are one label; what stands for nothing is none."""

from r1tailor.proposal.labels import labels_of, shown

_ROWS = [
    {"d": cell} for cell in [*["Cardiology"] * 6, "CARDIOLOGY", "Cardiology ", *["Neurology"] * 3, "N/A", "", None]
]


def test_case_and_blanks_fold_onto_the_most_frequent_spelling() -> None:
    labels = labels_of(_ROWS, "d")
    assert labels.counts == {"Cardiology": 8, "Neurology": 3}
    assert labels.folded == {"Cardiology": ("CARDIOLOGY", "Cardiology ")}
    assert labels.nothing == {"": 2, "N/A": 1}


def test_classes_with_too_few_items_are_told() -> None:
    assert labels_of(_ROWS, "d").few == {"Neurology": 3}


def test_blanks_within_a_label_do_not_count() -> None:
    labels = labels_of([*_ROWS, {"d": "Deep  Vein"}, {"d": "Deep Vein"}, {"d": "Deep Vein"}], "d")
    assert labels.folded["Deep Vein"] == ("Deep  Vein",)


def test_the_majority_is_the_share_of_the_most_frequent() -> None:
    assert labels_of(_ROWS, "d").majority == 8 / 11


def test_long_labels_and_long_lists_are_cut() -> None:
    assert shown({"x" * 60: 2, "y": 1, "z": 1}, most=2) == f"{'x' * 40}… 2, y 1, …"
