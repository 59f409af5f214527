"""A run is read from its folder; one that was not evaluated is refused."""

from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.record_files import write_records
from r1tailor.report.finished import ERRORS, MARKET, read
from tests.support.finished import errors, items, metrics


def _write(folder: Path) -> RunFolder:
    run = RunFolder(folder)
    examples, base, tuned = zip(*items(6), strict=True)
    run.examples.mkdir(parents=True)
    run.evaluation.mkdir()
    write_records(run.examples / "test.jsonl", [examples[5], *examples[:5]])
    write_records(run.evaluation / "predictions-base.jsonl", base)
    write_records(run.evaluation / "predictions-tuned.jsonl", tuned)
    store.write_json(run.evaluation / "metrics.json", metrics())
    model = run.phase("1-all") / "model"
    plots = run.phase("1-all") / "plots"
    plots.mkdir(parents=True)
    (plots / "loss.csv").write_text("step,loss\n1,2.0\n")
    store.write_json(model / store.MANIFEST, {"base": {"sha256": "e" * 64}, "parent": "f" * 64})
    store.write_json(run.path / "collect" / store.MANIFEST, {"stage": "collect"})
    return run


def test_what_a_run_left_is_read_and_what_it_lacks_is_empty(tmp_path: Path) -> None:
    run = _write(tmp_path)
    found = read(config.load(["domain.goals=[]"]), run, "0.1.0")
    assert [item.id for item, _, _ in found.items] == [f"e{n}" for n in range(6)], "in the order they were asked"
    assert [dict(row) for row in found.phases[0].loss] == [{"step": "1", "loss": "2.0"}]
    assert [what for what, _ in found.lineage] == ["collect", "base model", "parent", "model", "metrics"]
    assert dict(found.lineage)["metrics"] == store.sha256_file(run.evaluation / "metrics.json")
    assert (found.errors, found.ability, found.attacked, list(found.market)) == ({}, {}, {}, [])
    assert found.facts["examples"]["leaks"] == {}


def test_files_of_later_stages_are_read_where_they_are(tmp_path: Path) -> None:
    run = _write(tmp_path)
    store.write_json(run.errors / ERRORS, errors())
    store.write_json(run.evaluation / MARKET, [{"name": ""}])
    store.write_json(run.evaluation / "ability.json", {"n": 1})
    store.write_json(run.attacked / "rates.json", {"n": 1, "models": {}})
    settings = config.load(["domain.goals=[]"])
    found = read(settings, run, "")
    assert (found.errors, found.ability, list(found.market)) == (errors(), {"n": 1}, [{"name": ""}])
    assert found.attacked == {}, "no red team is composed: rates of an earlier run are not this one's"
    attacks = config.load(["domain.goals=[]", "redteam=standard"])
    assert read(attacks, run, "").attacked == {"n": 1, "models": {}}


def test_a_run_that_was_not_evaluated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no evaluation/metrics\.json: evaluate first"):
        read(config.load([]), RunFolder(tmp_path), "")
