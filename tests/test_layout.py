"""Where the stages of a run read and write, and which runs are finished."""

import os
from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.errors import DataError
from r1tailor.layout import PARTS, RunFolder, finished_runs, pipeline_folder
from r1tailor.record_files import write_records
from r1tailor.records import Example


def test_a_variant_has_examples_and_a_model_of_its_own_and_shares_the_documents(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    variant = run.variant("text")
    assert (variant.path, variant.examples) == (
        tmp_path / "variant" / "text",
        tmp_path / "variant" / "text" / "instruct",
    )
    assert variant.phase("1-all") == tmp_path / "variant" / "text" / "train" / "1-all"
    for name in ("collected", "provenance", "cleaned", "annotated"):
        assert getattr(variant, name) == getattr(run, name)
        assert getattr(variant.variant("again"), name) == getattr(run, name)


def test_the_pipeline_writes_into_the_folder_of_its_domain() -> None:
    assert pipeline_folder(config.load(["domain=legal"])) == RunFolder(config.ROOT / "outputs" / "legal")


def test_examples_are_read_by_part_and_training_hashes_what_it_reads(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.examples.mkdir()
    for name in PARTS:
        write_records(run.examples / f"{name}.jsonl", [Example(name, "", "a", "b")])
    assert {name: [item.id for item in items] for name, items in run.parts().items()} == {p: [p] for p in PARTS}
    before = run.hashes()
    assert before.keys() == {"train.jsonl", "validation.jsonl"}
    write_records(run.examples / "test.jsonl", [Example("other", "", "a", "b")])
    assert run.hashes() == before
    write_records(run.examples / "train.jsonl", [Example("other", "", "a", "b")])
    assert run.hashes()["train.jsonl"] != before["train.jsonl"]
    (run.examples / "test.jsonl").unlink()
    with pytest.raises(DataError, match=r"test\.jsonl does not exist"):
        run.parts()


def test_finished_runs_come_newest_first_and_links_are_passed_over(tmp_path: Path) -> None:
    runs = tmp_path / "outputs" / "runs"
    for place, (name, facts) in enumerate(
        {
            "old": {"status": "done", "domain": "a"},
            "new": {"status": "done", "domain": "a"},
            "other": {"status": "done", "domain": "b"},
            "failed": {"status": "failed", "domain": "a"},
        }.items()
    ):
        store.write_json(runs / name / "run.json", facts)
        os.utime(runs / name / "run.json", (place, place))
    (runs / "latest").symlink_to("new")
    assert [path.name for path in finished_runs(tmp_path)] == ["other", "new", "old"]
    assert [path.name for path in finished_runs(tmp_path, "a")] == ["new", "old"]
    assert list(finished_runs(tmp_path / "nowhere")) == []
