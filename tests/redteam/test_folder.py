"""What an attack leaves, and whose it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.redteam.folder import ANSWERS, is_free, nothing, rates_of


def test_where_nothing_is_asked_that_is_written(tmp_path: Path) -> None:
    nothing(tmp_path)
    assert store.read_json(tmp_path / "rates.json") == {"n": 0, "models": {}}
    assert store.read_json(tmp_path / "verdicts" / "report.json") == {}


def test_rates_of_another_model_are_refused(tmp_path: Path) -> None:
    store.write_json(tmp_path / "model" / store.MANIFEST, {"a": 1})
    with pytest.raises(DataError, match="this model was not attacked"):
        rates_of(tmp_path, tmp_path / "model")
    store.write_json(tmp_path / "rates.json", {"model": "other", "models": {}})
    with pytest.raises(DataError, match=r"rates\.json: this model was not attacked"):
        rates_of(tmp_path, tmp_path / "model")
    mine = store.sha256_file(tmp_path / "model" / store.MANIFEST)
    store.write_json(tmp_path / "rates.json", {"model": mine, "models": {}})
    assert rates_of(tmp_path, tmp_path / "model")["model"] == mine


def test_a_folder_of_other_files_is_not_free(tmp_path: Path) -> None:
    assert is_free(tmp_path / "new")
    assert is_free(tmp_path)
    (tmp_path / "notes.txt").write_text("keep", "utf-8")
    assert not is_free(tmp_path)
    (tmp_path / ANSWERS).mkdir()
    assert is_free(tmp_path)


def test_a_pipeline_without_attacks_imports_no_torch_for_them() -> None:
    code = "import sys, r1tailor.redteam.folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_changed_case_is_a_changed_input_of_the_stage() -> None:
    from r1tailor.inputs import code_of

    code = code_of("redteam")
    assert {"r1tailor/redteam/medical_en.jsonl", "r1tailor/redteam/articles.json"} <= code.keys()
