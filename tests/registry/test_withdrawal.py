"""A withdrawn version is never used again; its texts go at once, its weights when they are collected."""

import shutil
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.inference import locate
from r1tailor.registry import Registry, Version
from r1tailor.registry.files import write_folder
from r1tailor.registry.gc import collect
from r1tailor.registry.rebuild import rebuild
from r1tailor.registry.verify import verify
from r1tailor.registry.withdrawal import withdraw
from tests.support.versions import METRICS, Shop


def _with_texts(shop: Shop, content: str) -> Version:
    """Register a version that holds training texts; the test texts are those of every version."""
    plain = shop.write(content)
    texts = shop.folder / "texts" / content
    for name, text in (("train", f"secret of {content}"), ("test", "held out")):
        store.write_text(texts / "data" / f"{name}.jsonl", text)
    parts = {"model": plain / "model", "data": texts / "data"}
    own = {name: (plain / name).read_text("utf-8") for name in ("config.yaml", "evaluation/metrics.json")}
    facts = {"domain": "toy", "parent": None, "model": "tiny", "strategy": "lora", "metrics": METRICS}
    write_folder(shop.folder / "made" / content, parts, own, facts | {"goals": [], "missed_goals": []})
    shutil.rmtree(shop.folder / "outputs" / "toy")
    return shop.registry.take_in(shop.folder / "made" / content)[0]


@pytest.fixture
def three(shop: Shop) -> list[Version]:
    made = [_with_texts(shop, content) for content in ("one", "two", "three")]
    for version in made:
        shop.registry.promote(version.id)
    return made


def _everything(folder: Path) -> str:
    return "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


def test_a_withdrawn_version_is_never_served_promoted_or_rolled_back_to(shop: Shop, three: list[Version]) -> None:
    first, second, third = three
    withdraw(shop.registry, [third, second], "forgotten")
    assert shop.registry.current("toy") == first.id
    assert shop.deployed() == first.files
    assert shop.registry.resolve("latest") == (first, None)
    assert locate("toy", shop.folder).name == first.id
    for refused in (
        lambda: shop.registry.promote(third.id),
        lambda: shop.registry.rollback("toy", second.id),
        lambda: shop.registry.put_in_channel(third.id, "canary", ""),
        lambda: shop.registry.folder_of(third),
        lambda: locate(third.id, shop.folder),
    ):
        with pytest.raises(RegistryError, match="is withdrawn: forgotten; it is never used again"):
            refused()
    with pytest.raises(RegistryError, match="no version was promoted before the current one"):
        shop.registry.rollback("toy")


def test_texts_go_at_once_and_weights_when_collected(shop: Shop, three: list[Version]) -> None:
    first, second, third = three
    assert "secret of three" in _everything(shop.registry.folder)
    withdraw(shop.registry, [second, third], "forgotten")
    held = _everything(shop.registry.folder)
    assert "secret of one" in held
    assert "secret of two" not in held
    assert "secret of three" not in held
    assert "held out" in held, "a text that a living version needs stays"
    weights = [shop.stored(version, "model/weights.safetensors") for version in three]
    assert collect(shop.registry).objects == []
    assert all(path.exists() for path in weights)
    collect(shop.registry, withdrawn=True)
    assert [path.exists() for path in weights] == [True, False, False]
    assert verify(shop.registry, shop.folder, repair=False).damage == []
    assert shop.registry.versions("toy") == three, "the records stay"
    assert shop.deployed() == first.files


def test_what_was_withdrawn_does_not_come_back_with_its_folder(shop: Shop, three: list[Version]) -> None:
    withdraw(shop.registry, [three[2]], "forgotten")
    version, new = shop.registry.take_in(shop.folder / "made" / "three")
    assert (version, new) == (three[2], False)
    rebuild(shop.registry, shop.folder)
    assert "secret of three" not in _everything(shop.registry.folder)
    assert shop.registry.is_withdrawn(three[2])


def test_where_every_version_is_withdrawn_nothing_is_served(shop: Shop, three: list[Version]) -> None:
    withdraw(shop.registry, three, "forgotten")
    assert shop.registry.current("toy") is None
    assert not (shop.registry.folder / "toy" / "current").is_symlink()
    with pytest.raises(RegistryError, match="every version of toy is withdrawn"):
        locate("toy", shop.folder)


def test_an_interrupted_withdrawal_is_finished_by_doing_it_again(shop: Shop, three: list[Version]) -> None:
    shop.registry.note_withdrawn(three[2], "forgotten")  # and then the power went
    again = Registry(shop.registry.folder)
    withdraw(again, [three[2]], "forgotten")
    assert "secret of three" not in _everything(shop.registry.folder)
    assert [entry["action"] for entry in again.history("toy")].count("withdraw") == 1
