"""A version's record decides where files are copied to: what no version can be is refused."""

import json
from dataclasses import replace

import pytest

from r1tailor.errors import RegistryError
from r1tailor.registry.rebuild import rebuild
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


def test_a_record_of_an_earlier_release_is_refused_and_comes_back_by_rebuild(shop: Shop) -> None:
    """Its id covered the files alone: whatever else it says could have been changed."""
    version = shop.register("one")
    shop.registry.promote(version.id)
    folder = shop.registry.folder / "toy"
    earlier = f"toy-1-{version.files_sha256[:10]}"
    values = json.loads((folder / "versions" / f"{version.id}.json").read_text())
    (folder / "versions" / f"{version.id}.json").unlink()
    (folder / "versions" / f"{earlier}.json").write_text(json.dumps(values | {"id": earlier}))
    entry = {"action": "register", "version": earlier, "at": version.registered_at, "reason": None}
    (folder / "history.jsonl").write_text(json.dumps(entry) + "\n")
    with pytest.raises(RegistryError, match=r"an earlier release registered it, .* run: r1tailor registry rebuild"):
        shop.registry.promote("toy-1")
    with pytest.raises(RegistryError, match="an earlier release"):
        shop.registry.of_domain("toy")
    rebuild(shop.registry, shop.folder)
    assert [(found.id, found.files) for found in shop.registry.versions()] == [(version.id, version.files)]
    assert shop.registry.refused() == {}
