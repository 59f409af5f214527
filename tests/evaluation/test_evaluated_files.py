"""What a name means to ``compare``: a version, a run, or a domain's promoted version, newest version or newest run."""

import os
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.evaluation.evaluated_files import EvaluatedFiles, find
from r1tailor.registry import Version
from r1tailor.registry.files import write_folder
from tests.support.evaluated import write_run
from tests.support.versions import Shop

RIGHT = [True] * 30


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def _register(shop: Shop, name: str, right: list[bool]) -> Version:
    run = write_run(shop.folder / "outputs" / "runs" / name, right)
    parts = {"evaluation": run / "evaluation", "data": run / "instruct", "config.yaml": run / "config.yaml"}
    facts = {"domain": "toy", "parent": None, "model": "", "strategy": "", "goals": [], "missed_goals": []}
    metrics = store.read_json(run / "evaluation" / "metrics.json")
    write_folder(run / "register", parts, {}, facts | {"metrics": metrics})
    return shop.registry.take_in(run / "register")[0]


def _find(shop: Shop, text: str) -> EvaluatedFiles:
    return find(text, shop.registry, shop.folder)


def test_a_domain_means_its_promoted_version_else_its_newest_else_its_newest_run(shop: Shop) -> None:
    runs = shop.folder / "outputs" / "runs"
    for age, name in ((3, "b"), (2, "a"), (1, "unfinished")):
        run = write_run(runs / name, RIGHT)
        os.utime(run / "run.json", (10**9 - age, 10**9 - age))
    (runs / "unfinished" / "run.json").write_text('{"status": "failed", "error": "x"}')
    (runs / "latest").symlink_to("b")
    found = _find(shop, "toy")
    assert (found.name, found.meaning) == ("outputs/runs/a", "the newest finished run of toy; no version is registered")
    first, second = (_register(shop, name, RIGHT[:-n] + [False] * n) for n, name in ((1, "c"), (2, "d")))
    found = _find(shop, "toy")
    assert (found.name, found.meaning) == ("toy-2", f"the newest version {second.id}; none is promoted")
    shop.registry.promote(first.id)
    found = _find(shop, "toy")
    assert (found.name, found.meaning) == ("toy-1", f"the promoted version {first.id}")


def test_versions_and_runs_hold_the_same_files(shop: Shop) -> None:
    version = _register(shop, "first", RIGHT)
    run = shop.folder / "outputs" / "runs" / "first"
    (run.parent / "latest").symlink_to("first")
    for text, name in ((version.id, "toy-1"), ("toy-1", "toy-1"), ("latest", "toy-1")):
        assert _find(shop, text).name == name
    found = _find(shop, "outputs/runs/latest")
    assert (found.name, found.meaning) == ("outputs/runs/first", "outputs/runs/latest")
    for name in ("config.yaml", "data/test.jsonl", "evaluation/metrics.json", "evaluation/predictions-tuned.jsonl"):
        paths = [
            _find(shop, text).path(name) for text in ("toy-1", "outputs/runs/first", "outputs/runs/first/register")
        ]
        assert len({path.read_bytes() for path in paths if path}) == 1
        assert None not in paths
    assert _find(shop, "toy-1").path("provenance.json") is None


def test_a_stored_file_that_is_damaged_is_one_error(shop: Shop) -> None:
    version = _register(shop, "first", RIGHT)
    shop.stored(version, "evaluation/metrics.json").write_text("{}")
    with pytest.raises(UserError, match=r"evaluation/metrics\.json is damaged"):
        _find(shop, "toy-1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "toy-2",
            r"there is no version toy-2\. Did you mean toy-\d.*A run is named by its folder: outputs/runs/<name>",
        ),
        ("outputs/runs/none", r"outputs/runs/none: there is no such folder"),
        ("outputs/runs", "it was not evaluated"),
        ("toy-1@1-a", "there is no version|has no phase|was not evaluated"),
        ("a\0/b", "there is no such folder"),
    ],
)
def test_a_wrong_name_is_one_error(shop: Shop, text: str, message: str) -> None:
    _register(shop, "first", RIGHT)
    with pytest.raises(UserError, match=message):
        _find(shop, text)
