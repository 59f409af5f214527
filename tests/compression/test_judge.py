"""A form is compared with its parent on the same items; the verdict is in its manifest."""

import shutil
from pathlib import Path

import pytest

from r1tailor import artifact, config
from r1tailor.compression.forms import make
from r1tailor.compression.judge import judge, judged_by
from r1tailor.errors import UserError
from r1tailor.inference.locate import locate
from r1tailor.schema.domain import Goal
from tests.support.toy_run import toy_run


def test_a_form_that_is_its_parent_is_non_inferior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = toy_run(tmp_path)
    found = locate(run.path, config.ROOT)
    goal = Goal(metric="perplexity", at_most=5.0, why=".")
    domain = found.settings.domain.model_copy(update={"goals": (goal,)})
    vars(found)["settings"] = found.settings.model_copy(update={"domain": domain})
    folder = found.forms / "merge"
    make("merge", found.model, found.settings, config.ROOT, folder)
    line = judge("merge", found, folder, tmp_path)
    assert line.startswith("merge: non-inferior to its parent: perplexity ")
    facts = artifact.recorded(folder)
    assert facts["verdict"]["non_inferior"]
    assert facts["measured"]["merge"]["perplexity"]["value"] > 1
    assert artifact.read(folder).parent == artifact.read(found.model).sha256


def test_the_documents_are_those_of_a_run_with_the_same_test_items(tmp_path: Path) -> None:
    """A version of a direct run holds its test items and no documents."""
    run = toy_run(tmp_path)
    found = locate(run.path, config.ROOT)
    alone = tmp_path / "version" / "data"
    alone.mkdir(parents=True)
    shutil.copy(run.examples / "test.jsonl", alone)
    vars(found)["reports"] = (alone / "report.json",)
    assert judged_by(found, tmp_path) == (alone / "test.jsonl", run.annotated)
    (alone / "test.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match="holds the documents of domain colours with the test items"):
        judged_by(found, tmp_path)
