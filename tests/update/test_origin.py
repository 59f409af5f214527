"""The champion, and what is frozen once."""

from pathlib import Path

from r1tailor import store
from r1tailor.record_files import read_examples
from r1tailor.update.history import decide
from r1tailor.update.origin import champion, freeze, frozen_sets, trained_days
from tests.support.update_days import day_project


def test_training_and_held_out_items_are_kept_once_and_for_good(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    start, located = champion("colours", tmp_path)
    assert start.manifest == store.sha256_file(located.model / store.MANIFEST)
    freeze(project.places, located)
    assert read_examples(project.places.base) == project.base("train")
    before = frozen_sets(project.places, "2026-03-01")
    assert set(before) == {"domain"}
    assert set(before["domain"]) == {"test.jsonl", "validation.jsonl"}
    (located.model.parent / "data" / "train.jsonl").write_text("")
    freeze(project.places, located)
    assert read_examples(project.places.base) == project.base("train")


def test_days_count_as_trained_while_their_promotion_stands(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    for day in ("2026-03-01", "2026-03-02"):
        store.write_text(project.places.days / day / "select" / "selected.jsonl", day)
        decide(project.places.history, day, "promoted", {})
    assert list(trained_days(project.places, "2026-03-03")) == ["2026-03-01", "2026-03-02"]
    assert list(trained_days(project.places, "2026-03-02")) == ["2026-03-01"]
    decide(project.places.history, "2026-03-01", "rolled_back", {})
    assert list(trained_days(project.places, "2026-03-03")) == ["2026-03-02"]
