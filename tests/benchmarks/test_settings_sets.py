"""The sets of the benchmark of settings are rows, drawn alike every time."""

from pathlib import Path

import pytest

from tests.benchmarks.settings_sets import SETS, rows

SKLEARN = {"iris": (150, 3), "wine": (178, 3), "breast_cancer": (569, 2), "diabetes": (442, 3), "digits": (1500, 10)}


@pytest.mark.parametrize("name", SKLEARN)
def test_a_table_of_sklearn_is_rows_with_a_closed_set_of_answers(name: str, tmp_path: Path) -> None:
    made = rows(name, tmp_path)
    assert (len(made), len({row["output"] for row in made})) == SKLEARN[name]
    assert made == rows(name, tmp_path)
    assert all(row["instruction"] and row["input"] for row in made)


def test_there_are_eight_sets_and_more() -> None:
    assert len(SETS) >= 8
