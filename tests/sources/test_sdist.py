"""A member of a source archive comes in without anything of the archive being run."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import packaged
from r1tailor.sources.sdist import download_sdist
from tests.traps.danger import Place

pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources is deprecated:DeprecationWarning:pip")  # in pip itself


@pytest.fixture
def sdist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PackagedSource]:
    """Stand an sdist in for the package index, whose setup.py would leave a mark; return its pin."""
    place = Place(tmp_path)
    files = {"raw-1.0/data/list.pkl": b"material", "raw-1.0/setup.py": place.program.encode()}
    archive = tmp_path / "index" / "raw-1.0.tar.gz"
    archive.parent.mkdir()
    for name, content in files.items():
        (tmp_path / "index" / Path(name).name).write_bytes(content)
    with tarfile.open(archive, "w:gz") as packed:
        for name in files:
            packed.add(tmp_path / "index" / Path(name).name, name)
        link = tarfile.TarInfo("raw-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(archive.parent))
    pin = {"kind": "packaged", "name": "raw", "reader": "cmekg", "licence": "CC0"}
    pin |= {"package": "raw", "version": "1.0", "archive": "sdist"}
    pin |= {"wheel_sha256": store.sha256_file(archive), "sha256": store.sha256_file(tmp_path / "index" / "list.pkl")}
    pin |= {"member": "raw-1.0/data/list.pkl", "origin": "here", "available_at": "2020-01-01", "on_damage": "stop"}
    return lambda **changes: PackagedSource.model_validate(pin | changes)


def test_a_member_of_an_sdist_is_fetched_and_nothing_of_it_runs(
    sdist: Callable[..., PackagedSource], tmp_path: Path
) -> None:
    path = packaged.fetch(sdist(), tmp_path / "zone")
    assert path.read_bytes() == b"material"
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wheel_sha256": "0" * 64}, "raw-1.0.tar.gz is not the pinned sdist: sha256 is "),
        ({"sha256": "0" * 64}, "raw-1.0/data/list.pkl in raw-1.0.tar.gz: sha256 is "),
        ({"member": "raw-1.0/no.pkl"}, "raw-1.0.tar.gz has no member raw-1.0/no.pkl"),
        ({"member": "raw-1.0/link"}, "raw-1.0.tar.gz has no member raw-1.0/link"),
        ({"version": "2.0"}, "cannot download raw==2.0: pip finds no source archive of it"),
        ({"package": "other"}, "cannot download other==1.0: pip finds no source archive of it"),
    ],
)
def test_another_sdist_or_member_is_refused_and_leaves_nothing(
    changes: dict[str, str], message: str, sdist: Callable[..., PackagedSource], tmp_path: Path
) -> None:
    with pytest.raises(DataError) as refusal:
        packaged.fetch(sdist(**changes), tmp_path / "zone")
    assert str(refusal.value).startswith(message)
    assert [file for file in (tmp_path / "zone").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("keep", [0, 30, 200])
def test_an_sdist_that_is_cut_off_is_refused(keep: int, sdist: Callable[..., PackagedSource], tmp_path: Path) -> None:
    whole = download_sdist("raw", "1.0", tmp_path)
    whole.write_bytes(whole.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"^raw-1\.0\.tar\.gz is damaged or no sdist: "):
        packaged._extract(whole, sdist(), tmp_path / "zone" / "list.pkl")
