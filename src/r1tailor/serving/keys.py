"""Who may ask: keys with a user and a role. Only their hashes are kept.

A key has 256 random bits, so that its plain sha256 cannot be guessed back. The file is read again when it changed, so
that a key that is revoked is refused from the next request on.
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from r1tailor import store
from r1tailor.config_messages import did_you_mean
from r1tailor.errors import DataError, UserError

Role = Literal["admin", "user", "reviewer", "rater"]
ROLES: tuple[Role, ...] = get_args(Role)
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_FORM = re.compile(r"r1t-[0-9a-f]{8}-[A-Za-z0-9_-]{43}")
_PATIENCE = 10.0  # seconds to wait for another writer


@dataclass(frozen=True)
class Key:
    """What is known of a key.

    Attributes:
        id: eight digits, the beginning of the key itself.
        user: whose it is.
        role: what it may do; ``admin`` may do everything.
        sha256: of the key.
        created_at: ISO date and time.
        revoked_at: the same; None while it holds.
    """

    id: str
    user: str
    role: Role
    sha256: str
    created_at: str
    revoked_at: str | None = None


class Keys:
    """The keys of a project.

    Args:
        folder: usually ``outputs/serving``; the file is made with the first key.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._lock = threading.Lock()
        self._state: tuple[int, int, int] | None = None
        self._known: dict[str, Key] = {}

    def add(self, user: str, role: str = "user") -> str:
        """Make a key and return it; it is shown this once.

        Raises:
            UserError: the user's name or the role is not allowed.
        """
        if not _USER.fullmatch(user):
            raise UserError(f"{user!r:.80}: a user's name is letters, digits and ._@-, 64 at most")
        known = next((one for one in ROLES if one == role), None)
        if known is None:
            raise UserError(f"{role!r:.80} is no role.{did_you_mean(role, ROLES)} Roles: {', '.join(ROLES)}")
        id_ = secrets.token_hex(4)
        key = f"r1t-{id_}-{secrets.token_urlsafe(32)}"
        with self._changing() as keys:
            keys.append(Key(id_, user, known, _hash(key), _now()))
        return key

    def revoke(self, what: str) -> list[Key]:
        """Revoke the key with an id, or every key of a user; return those that held until now.

        Raises:
            UserError: there is no such key or user.
        """
        with self._changing() as keys:
            meant = [key for key in keys if what in (key.id, key.user)]
            if not meant:
                names = [*{key.user for key in keys}, *(key.id for key in keys)]
                raise UserError(f"{what!r:.80}: there is no such key or user.{did_you_mean(what, names)}")
            held = [key for key in meant if key.revoked_at is None]
            keys[:] = [replace(key, revoked_at=_now()) if key in held else key for key in keys]
        return held

    def listed(self) -> list[Key]:
        """Return all keys, oldest first, the revoked ones included.

        Raises:
            DataError: the file is not what was written.
        """
        try:
            return [Key(**one) for one in store.read_json(self.path)["keys"]]
        except FileNotFoundError:
            return []
        except (ValueError, LookupError, TypeError, OSError) as error:
            raise DataError(f"{self.path} is no file of keys; nothing is served with it") from error

    def find(self, key: str) -> Key | None:
        """Return what is known of a key that holds; None for any other text."""
        if not _FORM.fullmatch(key):
            return None
        found = self._current().get(_hash(key))
        return found if found and found.revoked_at is None else None

    def by_id(self, id_: str) -> Key | None:
        """Return the key with an id, if it holds."""
        keys = self._current().values()
        return next((key for key in keys if key.id == id_ and key.revoked_at is None), None)

    def _current(self) -> dict[str, Key]:
        """Return the keys by hash, read again if the file changed."""
        with self._lock:
            try:
                found = self.path.stat()
                state = (found.st_mtime_ns, found.st_ino, found.st_size)
            except OSError:
                return {}
            if state != self._state:
                self._known = {key.sha256: key for key in self.listed()}
                self._state = state
            return self._known

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """Give the keys as a list that is written when the block ends without an error."""
        with store.locked(self.path.parent, _PATIENCE, "run the command again"):
            self.path.parent.chmod(0o700)
            keys = self.listed()
            yield keys
            store.write_json(self.path, {"keys": [asdict(key) for key in keys]}, mode=0o600)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
