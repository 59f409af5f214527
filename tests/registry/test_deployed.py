"""Files laid out for use: a folder that is in use is never replaced."""

from pathlib import Path

from tests.support.versions import Shop


def test_a_promotion_never_replaces_the_folder_in_use(shop: Shop) -> None:
    version = shop.register("one")
    folder = shop.registry.promote(version.id)
    inode = folder.stat().st_ino
    assert shop.registry.promote(version.id) == folder
    assert folder.stat().st_ino == inode
    (folder / "config.yaml").write_text("tampered")
    again = shop.registry.promote(version.id)
    assert again != folder
    assert (folder / "config.yaml").read_text() == "tampered", "whoever reads it now goes on reading it"
    assert shop.registry.current("toy") == version.id
    assert shop.deployed() == version.files


def test_a_link_that_was_moved_is_put_back(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    shop.registry.promote(first.id)
    away = shop.registry.promote(second.id)
    shop.registry.promote(first.id)
    link = shop.registry.folder / "toy" / "current"
    link.unlink()
    link.symlink_to(Path("deployed") / away.name)
    assert shop.registry.current("toy") == first.id
    with shop.registry.writing():
        pass
    assert shop.deployed() == first.files
