"""One writer at a time: a waiting one names the holder; readers wait for nobody."""

import re
import time

import pytest

from r1tailor.errors import UserError
from r1tailor.registry import Registry, open_registry, opening
from tests.support.killed import child
from tests.support.versions import Shop


def test_a_writer_waits_and_then_names_the_holder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shop.register("one")
    shop.registry.promote(version.id)
    shop.write("two")
    monkeypatch.setattr(opening, "_PATIENCE_OF_A_READER", 0.05)
    with child(lambda: _hold(shop), shop.folder / "held") as holder:
        waiting = Registry(shop.registry.folder)
        waiting.patience = 0.05
        named = rf"is at work there after 0.05 s \(process {holder.pid} on .*, since 20.*\); let it end"
        for write in (lambda: waiting.promote(version.id), lambda: waiting.rollback("toy", version.id)):
            with pytest.raises(UserError, match=named):
                write()
        reader = open_registry(shop.folder)
        assert (reader.current("toy"), reader.versions()) == (version.id, [version])
        assert reader.folder_of(version) == shop.registry.deployed("toy").current.resolve()
        assert re.search(f"not registered: .*{named}", reader.notes[0])
    assert open_registry(shop.folder).version("latest").number == 2


def _hold(shop: Shop) -> None:
    registry = Registry(shop.registry.folder)
    with registry.writing():
        (shop.folder / "held").touch()
        time.sleep(600)
