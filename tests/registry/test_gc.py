"""``registry gc`` removes what no version needs, and nothing else."""

import os

import pytest

from r1tailor.errors import RegistryError
from r1tailor.registry.gc import collect
from r1tailor.registry.verify import verify
from tests.support.versions import Shop


def test_objects_of_no_version_and_old_deployments_go(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    old = shop.registry.promote(first.id)
    shop.registry.promote(second.id)
    used = shop.registry.folder_of(shop.register("three"))
    os.utime(old, (0, 0))
    stray = shop.registry.objects.path("0" * 64)
    stray.write_bytes(b"x" * 1000)
    found = collect(shop.registry, dry_run=True)
    assert (found.objects, found.deployed) == ([stray], [old])
    assert found.size > 1000
    assert stray.exists()
    assert old.exists()
    collect(shop.registry)
    assert not stray.exists()
    assert not old.exists()
    assert used.exists()
    again = collect(shop.registry)
    assert (again.objects, again.deployed, again.size) == ([], [], 0)
    assert verify(shop.registry, shop.folder, repair=False).damage == []
    shop.registry.rollback("toy")
    assert shop.deployed() == first.files


def test_a_version_whose_record_is_lost_keeps_its_files(shop: Shop) -> None:
    version = shop.register("one")
    shop.registry.record_file(version).unlink()
    assert collect(shop.registry).objects == []


def test_nothing_goes_while_a_record_is_refused(shop: Shop) -> None:
    shop.registry.record_file(shop.register("one")).write_text("{")
    with pytest.raises(
        RegistryError, match=r"nothing is removed while records are refused \(r1tailor registry verify\)"
    ):
        collect(shop.registry)
