"""What hostile inputs must not do: run a program, write outside their folder, end in anything but one clear error."""

import json
import os
import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from r1tailor import store
from r1tailor.errors import UserError


class Harm(BaseException):
    """A program was run, or something was written outside; no test and no mark takes it for an ordinary error."""


def hole(reason: str, *, harm: bool = False) -> pytest.MarkDecorator:
    """Mark what our code does not withstand yet: it has to fail until mended, and without harm unless that is said."""
    raises: Any = Harm if harm else (Exception, pytest.fail.Exception)
    return pytest.mark.xfail(strict=True, reason=f"hole: {reason}", raises=raises)


def case(*given: Any, id: str | None = None, gap: str = "", harm: bool = False) -> Any:  # noqa: ANN401
    """Return one case of a table; ``gap`` says what our code does not withstand yet, ``harm`` that it does harm."""
    return pytest.param(*given, id=id, marks=[hole(gap, harm=harm)] if gap else [])


_WATCHED: list["Watch"] = []  # an audit hook stays for good, so there is one, and it tells those who listen


class Watch:
    """What this process does that no hostile input may bring about, by Python's own audit events."""

    def __init__(self, secret: Path) -> None:
        self.secret, self.harm = str(secret), ""

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]) == self.secret:
            self.harm = "a file outside was read"
        elif event in ("os.system", "os.exec", "os.posix_spawn", "os.startfile", "pickle.find_class"):
            self.harm = f"a program was run: {event}"
        elif event == "subprocess.Popen" and not Path(str(arguments[0])).name.startswith(("python", "sh", "git")):
            self.harm = f"a program was run: {arguments[0]}"


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    for watch in _WATCHED:
        watch.take(event, arguments)


sys.addaudithook(_audit)


class Payload:
    """Pickles into a call that leaves a mark."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:  # noqa: ANN401
        return os.mkdir, (str(self.canary),)


class Place:
    """A temporary folder: ``zone`` is where the case may write, ``canary`` is what a program that ran would leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.zone = folder / "zone"
        self.canary = folder / "executed"
        self.outside = folder / "outside.txt"
        self.zone.mkdir()
        self.outside.write_text("not yours", encoding="utf-8")
        self.secret = folder / "secret.yaml"  # outside: nothing may read it
        self.secret.write_text("name: hunter2\n", encoding="utf-8")

    @property
    def program(self) -> str:
        """Python source that leaves the mark when it is imported."""
        return f"import os\nos.mkdir({str(self.canary)!r})\nclass Evil:\n    pass\n"

    def pickled(self, protocol: int = 2) -> bytes:
        """Return a pickle that leaves the mark when it is loaded without a guard."""
        return pickle.dumps(Payload(self.canary), protocol=protocol)

    def seen(self) -> dict[str, bytes | str]:
        """Return everything below the folder but the zone, with what it holds."""
        found: dict[str, bytes | str] = {}
        for path in sorted(self.folder.rglob("*")):
            if not path.is_relative_to(self.zone):
                where = str(path.relative_to(self.folder))
                found[where] = path.read_bytes() if path.is_file() and not path.is_symlink() else "no file"
        return found

    @contextmanager
    def harmless(self) -> Iterator[None]:
        """Raise Harm if a program ran inside, or something outside the zone was written or the secret read."""
        before = self.seen()
        watch = Watch(self.secret)
        _WATCHED.append(watch)
        try:
            yield
        finally:
            _WATCHED.remove(watch)
            if watch.harm:
                raise Harm(watch.harm)
            if self.canary.exists():
                raise Harm("a program was run")
            if self.seen() != before:
                raise Harm("something was written outside")

    @contextmanager
    def refused(self, said: str = "") -> Iterator[None]:
        """Fail unless what is inside is harmless and ends in one clear error that says what is wrong."""
        with self.harmless(), pytest.raises(UserError) as caught:
            yield
        assert re.search(said, str(caught.value)), str(caught.value)


@contextmanager
def refused_or_harmless(place: Place) -> Iterator[None]:
    """Fail unless what is inside is harmless; it may be refused or may work."""
    with place.harmless():
        try:
            yield
        except UserError:
            return


def resealed(folder: Path, **more: str) -> None:
    """Write a folder's manifest anew, as who changed its files would; ``more`` are listed beside them."""
    store.write_manifest(folder, {"step": 1})
    manifest = store.read_json(folder / store.MANIFEST)
    manifest["files"] |= more
    store.write_json(folder / store.MANIFEST, manifest)


def change_json(path: Path, **changes: object) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), encoding="utf-8")
