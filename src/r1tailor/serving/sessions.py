"""The cookie of pages: which key it stands for and until when, signed with a secret of this project.

Nothing is kept on the server, so that a restart ends no session; a key that is revoked ends all of its own.
"""

import base64
import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from r1tailor import durable

_SIZE = 32  # bytes of the secret


class Sessions:
    """Makes and reads the cookies of pages, CSRF tokens and keyed fingerprints.

    Args:
        secret: ``secret_of`` the project's serving folder.
        hours: how long a session lasts.
    """

    def __init__(self, secret: bytes, hours: float) -> None:
        self._secret = secret
        self._seconds = hours * 3600

    def issue(self, key_id: str, now: float | None = None) -> str:
        """Return the cookie of a new session."""
        until = int((time.time() if now is None else now) + self._seconds)
        stated = f"{key_id}.{until}.{secrets.token_hex(8)}"
        return f"{stated}.{self.fingerprint('session', stated)}"

    def key_of(self, cookie: str, now: float | None = None) -> str | None:
        """Return the id of the key that a session stands for; None if it has ended or was not made here."""
        stated, _, signed = cookie.rpartition(".")
        if not hmac.compare_digest(signed.encode(), self.fingerprint("session", stated).encode()):
            return None
        key_id, until, _ = stated.split(".")
        return key_id if (time.time() if now is None else now) < int(until) else None

    def csrf(self, cookie: str) -> str:
        """Return the token that forms of a session carry."""
        return self.fingerprint("csrf", cookie)

    def fingerprint(self, what: str, text: str) -> str:
        """Return a hash of a text that nobody without the secret can make, of its own for each purpose."""
        data = f"{what}\0{text}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._secret, data, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def secret_of(folder: Path) -> bytes:
    """Return the secret of a serving folder, made at the first call, for its owner alone."""
    path = folder / "secret"
    durable.make_folder(folder)
    folder.chmod(0o700)
    if not path.exists():
        temporary = durable.temporary(path)
        with os.fdopen(durable.create(temporary, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_SIZE))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(temporary, path)
        temporary.unlink()
        durable.sync_folder(folder)
    return path.read_bytes()
