"""A registry that was lost is found again: its versions, and the promotions that its history knows."""

import shutil

import pytest

from r1tailor.registry.rebuild import rebuild
from tests.support.versions import Shop


def test_versions_come_back_from_the_pipeline_and_from_direct_runs(shop: Shop) -> None:
    run = shop.write("one", to="outputs/runs/first/register")
    (run.parents[1] / "latest").symlink_to("first")
    shop.write("two", to="outputs/sweeps/monday/0/register")
    shop.write("three")
    found = rebuild(shop.registry, shop.folder)
    assert [(version.short_id, where) for version, where in found.taken] == [
        ("toy-1", "outputs/toy/register"),
        ("toy-2", "outputs/runs/first/register"),
        ("toy-3", "outputs/sweeps/monday/0/register"),
    ]
    again = rebuild(shop.registry, shop.folder)
    assert (len(again.known), again.taken, again.refused) == (3, [], [])


def test_lost_records_come_back_under_their_ids_and_promotions_are_those_of_the_history(shop: Shop) -> None:
    made = [shop.register(content) for content in ("one", "two")]
    shop.registry.promote("toy-2")
    shutil.rmtree(shop.registry.folder / "toy" / "versions")
    (shop.registry.folder / "toy" / "current").unlink()
    shutil.rmtree(shop.folder / "outputs" / "toy")
    assert shop.registry.versions() == []
    found = rebuild(shop.registry, shop.folder)
    assert shop.registry.versions() == made, "ids and times as the history knows them"
    assert {where for _, where in found.taken} == {"the stored files in objects/"}
    assert shop.registry.current("toy") == made[1].id


def test_objects_alone_are_numbered_in_the_order_in_which_they_were_stored(shop: Shop) -> None:
    made = [shop.register(content) for content in ("one", "two", "three")]
    shutil.rmtree(shop.registry.folder / "toy")
    shutil.rmtree(shop.folder / "outputs" / "toy")
    rebuild(shop.registry, shop.folder)
    assert [version.id for version in shop.registry.versions()] == [version.id for version in made]


def test_a_faulty_record_is_set_aside_and_written_again(shop: Shop) -> None:
    version = shop.register("one")
    record = shop.registry.folder / "toy" / "versions" / f"{version.id}.json"
    record.write_text("{")
    found = rebuild(shop.registry, shop.folder)
    assert shop.registry.versions() == [version]
    assert record.with_name(f"{record.name}.damaged").read_text() == "{"
    assert "is no record of a version" in found.refused[0]


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_version_whose_stored_files_do_not_suffice_is_named(shop: Shop, how: str) -> None:
    version, whole = shop.register("one"), shop.register("two")
    stored = shop.stored(version, "model/weights.safetensors")
    if how == "missing":
        stored.unlink()
    else:
        stored.write_text("?")
    found = rebuild(shop.registry, shop.folder)
    assert [known.id for known in found.known] == [whole.id]
    (refused,) = found.refused
    assert refused.startswith(f"{version.id}: model/weights.safetensors")
    assert how in refused
    (shop.registry.folder / "toy" / "versions" / f"{version.id}.json").unlink()
    (refused,) = rebuild(shop.registry, shop.folder).refused
    assert refused.startswith(f"version {version.id[-10:]} of toy: model/weights.safetensors")
