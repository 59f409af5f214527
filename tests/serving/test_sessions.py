"""Sessions: signed, limited in time, nothing kept."""

import stat
from pathlib import Path

import pytest

from r1tailor.serving.sessions import Sessions, secret_of


def test_a_session_stands_for_its_key_until_it_ends() -> None:
    sessions = Sessions(b"s" * 32, hours=1)
    cookie = sessions.issue("0a1b2c3d", now=1000)
    assert sessions.key_of(cookie, now=4599) == "0a1b2c3d"
    assert sessions.key_of(cookie, now=4600) is None


@pytest.mark.parametrize("forged", ["key", "until", "signature", "empty", "another secret"])
def test_a_forged_session_stands_for_nobody(forged: str) -> None:
    sessions = Sessions(b"s" * 32, hours=1)
    cookie = sessions.issue("0a1b2c3d", now=1000)
    key, until, nonce, signed = cookie.split(".")
    changed = {
        "key": f"ffffffff.{until}.{nonce}.{signed}",
        "until": f"{key}.{int(until) + 9999}.{nonce}.{signed}",
        "signature": f"{key}.{until}.{nonce}.{'é' * len(signed)}",
        "empty": "...",
        "another secret": Sessions(b"t" * 32, hours=1).issue("0a1b2c3d", now=1000),
    }
    assert sessions.key_of(changed[forged], now=1001) is None


def test_a_fingerprint_is_of_its_purpose_and_secret() -> None:
    one, other = Sessions(b"s" * 32, 1), Sessions(b"t" * 32, 1)
    found = [one.fingerprint("audit", "a"), one.fingerprint("csrf", "a"), other.fingerprint("audit", "a")]
    assert len({*found}) == 3
    assert one.fingerprint("audit", "a") == found[0]
    assert one.fingerprint("audit", "\ud800") != found[0]


def test_the_secret_is_made_once_for_its_owner_alone(folder: Path) -> None:
    secret = secret_of(folder)
    assert len(secret) == 32
    assert secret_of(folder) == secret
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret"]
