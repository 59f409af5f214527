"""Names of versions that scripts can use."""

from dataclasses import replace

import pytest

from r1tailor.errors import RegistryError
from r1tailor.registry import Version
from r1tailor.registry.names import resolve
from tests.support.versions import Shop


@pytest.fixture
def three(shop: Shop) -> list[Version]:
    return [shop.register("one"), shop.register("two"), shop.register("three", phases=("1-a",))]


def test_every_form_of_a_name_is_the_same_version(shop: Shop, three: list[Version]) -> None:
    second = three[1]
    hash_ = second.id.rpartition("-")[2]
    for name in (second.id, "toy-2", hash_, hash_[:4]):
        assert shop.registry.version(name) == second
    for name in ("latest", "toy@latest"):
        assert shop.registry.version(name) == three[2]
    shop.registry.promote("toy-2")
    for name in ("current", "toy@current"):
        assert shop.registry.resolve(name) == (second, None)


def test_a_name_may_ask_for_a_phase(shop: Shop, three: list[Version]) -> None:
    assert shop.registry.resolve("toy-3@1-a") == (three[2], "1-a")
    assert shop.registry.resolve("latest@1-a") == (three[2], "1-a")
    shop.registry.promote("toy-3@1-a", force=True, reason="a trial")
    assert shop.registry.current("toy") == f"{three[2].id}@1-a"
    assert shop.registry.resolve("current") == (three[2], "1-a")


def test_latest_and_current_ask_for_the_domain_where_there_are_several(shop: Shop, three: list[Version]) -> None:
    other = shop.register("four", domain="other")
    with pytest.raises(RegistryError, match=r"latest: of which domain\? other@latest, toy@latest"):
        shop.registry.version("latest")
    assert shop.registry.version("other@latest") == other
    shop.registry.promote("toy-1")
    assert shop.registry.version("current") == three[0], "one domain has a current version"
    shop.registry.promote(other.id)
    with pytest.raises(RegistryError, match=r"current: of which domain\? other@current, toy@current"):
        shop.registry.version("current")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toy-4", r"there is no version toy-4\. Did you mean toy-\d\? Registered: toy-1-"),
        ("tyo-2", r"Did you mean toy-2\?"),
        ("toy@lates", r"Did you mean toy@latest\?"),
        ("othr@latest", r"there is no version othr@latest"),
        ("current", r"no version is promoted\. Registered: toy-1-"),
        ("toy@current", r"no version of toy is promoted"),
        ("0", "there is no version 0"),
        ("../x", r"there is no version \.\./x"),
        ("", "there is no version "),
        ("toy-1\0", "there is no version"),
    ],
)
def test_a_wrong_name_is_one_error_that_says_what_there_is(
    shop: Shop, three: list[Version], name: str, message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        shop.registry.version(name)


def test_the_beginning_of_several_hashes_is_refused(shop: Shop) -> None:
    made = [shop.register("one"), shop.register("two")]
    twin = replace(made[1], id=f"toy-3-{made[0].id.rpartition('-')[2][:5]}fffff")
    with pytest.raises(RegistryError, match=f"is the beginning of several versions: {made[0].id}, {twin.id}"):
        resolve(twin.id.rpartition("-")[2][:5], [made[0], twin], shop.registry.current)


def test_rollback_reads_names_within_its_domain(shop: Shop, three: list[Version]) -> None:
    shop.register("four", domain="other")
    for name in ("toy-1", "toy-2"):
        shop.registry.promote(name)
    shop.registry.rollback("toy", "toy-1")
    assert shop.registry.current("toy") == three[0].id
    with pytest.raises(RegistryError, match="there is no version other-1"):
        shop.registry.rollback("toy", "other-1")
    with pytest.raises(RegistryError, match=f"{three[2].id} was never promoted"):
        shop.registry.rollback("toy", "latest")
