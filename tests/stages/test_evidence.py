"""What is evaluated is the model of these settings and examples, and what was measured is recorded with its hash."""

import shutil
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.stages.evidence import EVALUATED, evaluated, refuse_other_model
from tests.support.toy_run import toy_run, toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    root = tmp_path_factory.mktemp("made")
    return root, toy_run(root)


def test_a_model_of_other_settings_is_named(made: tuple[Path, RunFolder]) -> None:
    root, run = made
    refuse_other_model(toy_settings(root), run)
    refuse_other_model(toy_settings(root, "evaluation.max_items=3"), run)
    with pytest.raises(DataError, match=r"was trained with other settings or examples \(optimizer\.lr\)\. Run train"):
        refuse_other_model(toy_settings(root, "optimizer.lr=0.5"), run)


def test_the_record_holds_the_hashes_of_what_belongs_together(made: tuple[Path, RunFolder], tmp_path: Path) -> None:
    settings, run = toy_settings(made[0]), made[1]
    recorded = store.read_json(run.evaluation / EVALUATED)
    assert recorded == evaluated(settings, run) | {"too_long": 0}
    copied = RunFolder(Path(shutil.copytree(run.path, tmp_path / "run")))
    metrics = copied.evaluation / "metrics.json"
    metrics.write_text(metrics.read_text() + "\n")
    changed = evaluated(settings, copied)
    assert {name for name in changed if changed[name] != recorded[name]} == {"metrics"}
