"""A simulated power cut: what a disk may hold after each step, where only what was synced is sure to be there.

File systems promise this much: the bytes of a file are there once the file was synced, a name in a folder once the
folder was. What was not synced may be there or not: names of before or of after, no bytes, half of an added line, or
zeros in its place.
"""

import os
import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from r1tailor import durable

Names = dict[str, int]  # name -> inode


@dataclass
class Image:
    """What lies on a disk.

    Attributes:
        root: inode of the folder.
        folders: inode of a folder -> its names.
        files: inode of a file -> its bytes.
        links: inode of a symbolic link -> its target.
    """

    root: int
    folders: dict[int, Names] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)

    def write(self, to: Path) -> None:
        """Lay it out below a folder."""
        self._folder(self.root, to)

    def _folder(self, inode: int, to: Path) -> None:
        to.mkdir(parents=True)
        for name, entry in self.folders.get(inode, {}).items():
            if entry in self.links:
                (to / name).symlink_to(self.links[entry])
            elif entry in self.files:
                (to / name).write_bytes(self.files[entry])
            else:
                self._folder(entry, to / name)


class Disk:
    """A folder whose syncs are watched.

    Args:
        root: the folder; what it holds at the start is on the disk.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.held: dict[int, int] = {}  # inode -> a descriptor, so that no inode is used again
        self.live = self._walked()
        self.synced = self._walked()
        self.steps: list[tuple[Image, Image]] = [(self.live, self._copied(self.synced))]

    def _walked(self) -> Image:
        image = Image(self.root.stat().st_ino)
        for place, folders, files in os.walk(self.root):
            names: Names = {}
            for name in (*folders, *files):
                path = f"{place}/{name}"
                found = os.lstat(path)
                names[name] = found.st_ino
                if found.st_ino not in self.held:
                    self.held[found.st_ino] = os.open(path, os.O_PATH | os.O_NOFOLLOW)
                if stat.S_ISLNK(found.st_mode):
                    image.links[found.st_ino] = os.readlink(path)
                elif stat.S_ISREG(found.st_mode):
                    image.files[found.st_ino] = Path(path).read_bytes()
            image.folders[os.stat(place).st_ino] = names
        return image

    @staticmethod
    def _copied(image: Image) -> Image:
        return Image(image.root, dict(image.folders), dict(image.files), dict(image.links))

    def sync(self, descriptor: int) -> None:
        """Note that a file or folder was synced."""
        found = os.fstat(descriptor)
        self.live = self._walked()
        if found.st_ino in self.live.folders:
            self.synced.folders[found.st_ino] = self.live.folders[found.st_ino]
        elif found.st_ino in self.live.files:
            self.synced.files[found.st_ino] = self.live.files[found.st_ino]
        self.step()

    def step(self) -> None:
        """Note what lies on the disk."""
        self.live = self._walked()
        self.synced.links |= self.live.links
        self.steps.append((self.live, self._copied(self.synced)))

    def close(self) -> None:
        """Let go of the inodes."""
        for descriptor in self.held.values():
            os.close(descriptor)

    def after(self, number: int, chance: random.Random, kind: str) -> Image:
        """Return what may be left when the power is cut after a step.

        Args:
            number: of the step.
            chance: decides what happened where both are possible.
            kind: ``least`` (only what was synced), ``names`` (every name, only synced bytes), ``mixed``.
        """
        live, synced = self.steps[number]
        image = Image(live.root, {}, {}, live.links | synced.links)
        for inode in live.folders | synced.folders:
            old, new = synced.folders.get(inode, {}), live.folders.get(inode, synced.folders.get(inode, {}))
            image.folders[inode] = old if kind == "least" or (kind == "mixed" and chance.random() < 0.5) else new
        for inode, data in (synced.files | live.files).items():
            image.files[inode] = _left(synced.files.get(inode, b""), data, chance, kind)
        return image


def _left(old: bytes, new: bytes, chance: random.Random, kind: str) -> bytes:
    """Return what may be left of a file: what was synced, and of what was added since a part, or zeros."""
    if kind != "mixed" or not new.startswith(old):
        return old
    added = new[len(old) :]
    part = added[: chance.randrange(len(added) + 1)]
    return old + chance.choice([b"", part, b"\0" * len(part), added])


@contextmanager
def watched(root: Path) -> Iterator[Disk]:
    """Watch the syncs and renames below a folder."""
    disk = Disk(root)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", _then(os.fsync, lambda descriptor, *_, **__: disk.sync(descriptor)))
        for module, name in ((os, "replace"), (os, "mkdir"), (os, "symlink"), (os, "unlink"), (durable, "exchange")):
            patched.setattr(module, name, _stepped(getattr(module, name), disk))
        yield disk
    disk.close()


def _then(original: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        result = original(*given, **named)
        note(*given, **named)
        return result

    return call


def _stepped(original: Callable[..., Any], disk: Disk) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        disk.step()
        result = original(*given, **named)
        disk.step()
        return result

    return call
