"""A version's record decides where files are copied to: what no version can be is refused."""

import json
from dataclasses import replace

import pytest

from r1tailor.errors import RegistryError
from tests.support.versions import Shop


@pytest.mark.parametrize("name", ["phases/../model/x", "phases", "phases/1-a", "phases/a/x", "phases/1-A/x"])
def test_a_record_whose_phases_are_not_those_of_a_version_is_refused(shop: Shop, name: str) -> None:
    version = shop.register("last", phases=("1-a", "2-b"))
    record = shop.registry.folder / "toy" / "versions" / f"{version.id}.json"
    known = json.loads(record.read_text())
    record.write_text(json.dumps(known | {"files": known["files"] | {name: "0" * 64}}))
    with pytest.raises(RegistryError, match="files must be relative paths"):
        shop.registry.version(version.id)


def test_the_headline_is_the_first_goals_metric_or_else_the_first(shop: Shop) -> None:
    metrics = {"models": {"tuned": {"bleu": {"value": 31.5}, "accuracy": {"value": 0.5}}}}
    version = shop.register("one", metrics=metrics)
    assert version.headline == ("bleu", 31.5)
    assert replace(version, goals=["not measured", "accuracy"]).headline == ("accuracy", 0.5)
    assert replace(version, metrics={"models": {"tuned": {}}}).headline is None


def test_a_record_of_before_versions_travelled_is_read(shop: Shop) -> None:
    version = shop.register("one")
    record = shop.registry.folder / "toy" / "versions" / f"{version.id}.json"
    old = json.loads(record.read_text())
    for name in ("model", "strategy", "goals"):
        del old[name]
    record.write_text(json.dumps(old | {"parent": "toy-7-0123456789"}))
    found = shop.registry.version("toy-1")
    assert found.files == version.files
    assert shop.registry.parent(found) == "toy-7-0123456789"
