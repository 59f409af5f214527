"""``registry verify`` finds each damage and repairs what the outputs, the descriptions and the history allow."""

import json
import shutil
from collections.abc import Callable

import pytest

from r1tailor import store
from r1tailor.registry import Version
from r1tailor.registry.verify import verify
from tests.support.versions import Shop

WEIGHTS = "model/weights.safetensors"


def _record(shop: Shop, version: Version, **changed: object) -> None:
    path = shop.registry.record_file(version)
    path.write_text(json.dumps(store.read_json(path) | changed))


def _served(shop: Shop, version: Version) -> None:
    (shop.registry.deployed("toy").current.resolve() / WEIGHTS).write_bytes(b"tampered")


REPAIRABLE: list[tuple[str, Callable[[Shop, Version], object], str]] = [
    ("zero bytes", lambda s, v: s.stored(v, WEIGHTS).write_bytes(b""), f"{WEIGHTS} is damaged; it was stored again"),
    ("lost file", lambda s, v: s.stored(v, WEIGHTS).unlink(), f"{WEIGHTS} is missing; it was stored again"),
    ("lost description", lambda s, v: s.registry.objects.path(v.sha256).unlink(), "its description is missing"),
    ("lost record", lambda s, v: s.registry.record_file(v).unlink(), "its record is lost; its record was written"),
    (
        "rewritten metrics",
        lambda s, v: _record(s, v, metrics={"models": {}}),
        "is not what was registered under its id",
    ),
    ("torn record", lambda s, v: s.registry.record_file(v).write_text("{"), "is no record of a version"),
    ("lost link", lambda s, v: s.registry.deployed("toy").current.unlink(), "current points to it again"),
    ("served files", _served, "was laid out again"),
]


@pytest.mark.parametrize(
    ("harm", "reported"), [(h, r) for _, h, r in REPAIRABLE], ids=[name for name, *_ in REPAIRABLE]
)
def test_what_can_be_repaired_is(shop: Shop, harm: Callable[[Shop, Version], object], reported: str) -> None:
    version = shop.register("one")
    shop.registry.promote(version.id)
    found = verify(shop.registry, shop.folder)
    assert (found.versions, found.files, found.repaired, found.damage) == (1, 6, [], [])
    harm(shop, version)
    dry = verify(shop.registry, shop.folder, repair=False)
    assert dry.damage
    assert not dry.repaired
    found = verify(shop.registry, shop.folder)
    assert found.damage == []
    assert any(reported in line for line in found.repaired), found.repaired
    assert verify(shop.registry, shop.folder, repair=False).damage == []
    assert shop.registry.versions() == [version]
    assert shop.deployed() == version.files


def test_what_cannot_be_repaired_is_named_and_nothing_else_is_touched(shop: Shop) -> None:
    version, whole = shop.register("one"), shop.register("two")
    shop.stored(version, WEIGHTS).write_bytes(b"?")
    shutil.rmtree(shop.folder / "outputs" / "toy")
    (damage,) = verify(shop.registry, shop.folder).damage
    assert damage.startswith(f"{version.id}: {WEIGHTS} is damaged in ")
    assert shop.stored(version, WEIGHTS).read_bytes() == b"?"
    shop.registry.promote(whole.id)


def test_a_broken_history_is_named_with_its_line(shop: Shop) -> None:
    shop.register("one")
    shop.register("two")
    path = shop.registry.history_of("toy").path
    path.write_text(path.read_text().replace("toy-1", "toy-7"))
    (damage,) = verify(shop.registry, shop.folder).damage
    assert "line 2: line 1 was changed or removed" in damage


def test_a_version_rewritten_with_its_id_is_not_what_the_history_registered(shop: Shop) -> None:
    """Ten digits of a hash can be searched for; the history knows all 64."""
    version = shop.register("one")
    path = shop.registry.history_of("toy").path
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"content": version.sha256[:10] + "0" * 54}) + "\n")
    assert "the history registered another content" in verify(shop.registry, shop.folder, repair=False).damage[0]
