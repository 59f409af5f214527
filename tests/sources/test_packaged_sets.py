"""Sets inside wheels: kept in the cache, a fair sample, another format named."""

from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.schema.base import PinnedFile
from r1tailor.sources import packaged as wheels
from r1tailor.sources.packaged_sets import file_of, parsed, sample
from tests.support.packaged_texts import pinned


def test_a_file_is_downloaded_once_and_again_where_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = PinnedFile.model_validate(pinned({"some": "text"}, tmp_path, monkeypatch)["some"])
    download = wheels._wheel
    path = file_of(wanted)
    assert path.read_text("utf-8") == "text"
    assert path.is_relative_to(store.cache_folder())
    monkeypatch.setattr(wheels, "_wheel", lambda *_: pytest.fail("it is in the cache"))
    assert file_of(wanted) == path
    path.write_text("changed", "utf-8")
    monkeypatch.setattr(wheels, "_wheel", download)
    assert file_of(wanted).read_text("utf-8") == "text"


def test_a_sample_keeps_the_order_and_a_smaller_one_is_part_of_it() -> None:
    ids = [str(number) for number in range(200)]
    large, small = sample("set", ids, 50), sample("set", ids, 10)
    assert large == sorted(large)
    assert set(small) < set(large)
    assert large == sample("set", ids, 50) != sample("another", ids, 50)
    assert sample("set", ids, 500) == list(range(200))


def test_what_a_reader_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.txt: not the format that its reader knows \(KeyError\)"):
        parsed(tmp_path / "data.txt", lambda: [{}["options"]])
