"""Keys: shown once, kept as hashes for their owner alone, refused as soon as they are revoked."""

import stat
from pathlib import Path

import pytest

from r1tailor.errors import DataError, UserError
from r1tailor.serving.keys import Keys


def test_a_key_is_found_and_not_kept(folder: Path) -> None:
    keys = Keys(folder)
    key = keys.add("ana", "reviewer")
    found = keys.find(key)
    assert found is not None
    assert (found.user, found.role) == ("ana", "reviewer")
    written = keys.path.read_text("utf-8")
    assert key not in written
    assert key.rpartition("-")[2] not in written
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, keys.path)] == [0o700, 0o600]


def test_another_text_is_no_key(folder: Path) -> None:
    keys = Keys(folder)
    key = keys.add("ana")
    assert [keys.find(text) for text in (key.upper(), key[:-1], f"{key}A", key[:12], f"{key}\n", "")] == [None] * 6


def test_a_revoked_key_is_refused_at_once_also_by_who_read_the_keys_before(folder: Path) -> None:
    server, console = Keys(folder), Keys(folder)
    first, second = console.add("ana"), console.add("ana")
    other = console.add("bo")
    assert all(server.find(key) for key in (first, second, other))
    id_ = first.split("-")[1]
    assert [key.id for key in console.revoke(id_)] == [id_]
    assert server.find(first) is None
    assert server.by_id(id_) is None
    assert server.find(second) is not None
    assert len(console.revoke("ana")) == 1
    assert console.revoke("ana") == []
    assert server.find(second) is None
    assert server.find(other) is not None


@pytest.mark.parametrize(
    ("user", "role", "said"),
    [
        ("", "user", "a user's name is letters"),
        ("a/b", "user", "a user's name is letters"),
        ("x" * 65, "user", "a user's name is letters"),
        ("ana", "usr", "'usr' is no role. Did you mean user?"),
    ],
)
def test_a_name_or_role_that_is_not_allowed_is_refused(user: str, role: str, said: str, folder: Path) -> None:
    with pytest.raises(UserError, match=said):
        Keys(folder).add(user, role)
    assert Keys(folder).listed() == []


def test_who_is_not_known_cannot_be_revoked(folder: Path) -> None:
    Keys(folder).add("ana")
    with pytest.raises(UserError, match=r"'anna': there is no such key or user. Did you mean ana"):
        Keys(folder).revoke("anna")


def test_a_damaged_file_serves_nobody(folder: Path) -> None:
    keys = Keys(folder)
    key = keys.add("ana")
    keys.path.write_text("{")
    with pytest.raises(DataError, match=r"keys\.json is no file of keys"):
        keys.find(key)
