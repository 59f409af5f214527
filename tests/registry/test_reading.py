"""Versions are found by their names, in the order of their numbers."""

import pytest

from r1tailor.errors import RegistryError
from tests.registry.test_registry import PHASES
from tests.support.versions import Shop


def test_the_parent_is_the_artifact_that_training_started_from_not_what_was_promoted(shop: Shop) -> None:
    first = shop.register("one", phases=PHASES)
    shop.registry.promote(first.id)
    assert shop.registry.parent(shop.register("two")) is None
    for name, parent in (("model", first.id), ("phases/1-a", f"{first.id}@1-a")):
        started_from = first.files[f"{name}/manifest.json"]
        assert shop.registry.parent(shop.register(f"from {name}", parent=started_from)) == parent
    assert shop.registry.parent(shop.register("elsewhere", parent="f" * 64)) == "f" * 64


def test_versions_are_listed_in_the_order_of_their_numbers(shop: Shop) -> None:
    made = [shop.register(str(number)).id for number in range(11)]
    assert [version.id for version in shop.registry.versions()] == made


def test_an_unknown_version_is_an_error_that_lists_the_known(shop: Shop) -> None:
    with pytest.raises(RegistryError, match=r"there is no version toy-9-x\. Registered: none yet"):
        shop.registry.version("toy-9-x")
    first, second = shop.register("one"), shop.register("two")
    with pytest.raises(RegistryError, match=f"Registered: {first.id}, {second.id}"):
        shop.registry.promote("toy-9-x")
