"""A version is taken in once, whole, and numbered."""

from r1tailor import store
from tests.registry.test_registry import PHASES
from tests.support.versions import METRICS, MISSED, Shop


def test_a_version_records_what_was_registered(shop: Shop) -> None:
    version = shop.register("one", missed=(MISSED,))
    assert version.id.startswith("toy-1-")
    assert version.parent is None
    assert version.metrics == METRICS
    names = {"manifest.json", "tokenizer/vocabulary.json", "weights.safetensors"}
    assert version.files.keys() == {"config.yaml", "evaluation/metrics.json", *(f"model/{name}" for name in names)}
    for name, sha256 in version.files.items():
        assert sha256 == store.sha256_file(shop.folder / "outputs" / "toy" / "register" / name)
        assert store.sha256_file(shop.stored(version, name)) == sha256
    assert shop.registry.version(version.id) == version
    assert [entry["action"] for entry in shop.registry.history("toy")] == ["register"]


def test_the_same_content_is_the_same_version(shop: Shop) -> None:
    first, other = shop.register("one"), shop.register("two")
    assert shop.register("one") == first
    assert shop.registry.versions("toy") == [first, other]
    assert shop.registry.versions("other") == []
    assert len(shop.registry.history("toy")) == 2


def test_no_number_is_used_twice(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    (shop.registry.folder / "toy" / "versions" / f"{first.id}.json").unlink()
    assert shop.register("three").number == 3
    assert shop.registry.version("toy-2") == second


def test_a_stored_file_is_no_link_to_the_run_or_to_a_deployment(shop: Shop) -> None:
    version = shop.register("one")
    deployed = shop.registry.promote(version.id)
    for folder in (deployed, shop.folder / "outputs" / "toy" / "register"):
        with (folder / "model" / "weights.safetensors").open("r+b") as weights:
            weights.write(b"tampered")
    shop.registry.promote(version.id)
    assert shop.deployed() == version.files


def test_a_folder_of_a_version_is_made_without_promoting_it(shop: Shop) -> None:
    version = shop.register("one", phases=PHASES)
    folder = shop.registry.folder_of(version, "1-a")
    assert (folder / "model" / "weights.safetensors").read_bytes() == b"one 1-a" * 1000
    assert (folder / "config.yaml").exists()
    assert shop.registry.folder_of(version, "1-a") == folder
    assert shop.registry.current("toy") is None
    (folder / "config.yaml").write_text("tampered")
    assert (shop.registry.folder_of(version, "1-a") / "config.yaml").read_text().endswith("seed: one\n")
