"""``r1tailor keys``: a key is printed once; who is revoked is listed so."""

from pathlib import Path

import pytest

from r1tailor.__main__ import main
from r1tailor.serving.keys import Keys


def _keys(folder: Path, *arguments: str) -> None:
    main(["keys", *arguments, f"serving.folder={folder}"])


def test_add_list_and_revoke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _keys(tmp_path, "list")
    assert capsys.readouterr().out == "no key yet: r1tailor keys add NAME\n"
    _keys(tmp_path, "add", "ana", "--role", "reviewer")
    key = capsys.readouterr().out.strip()
    assert Keys(tmp_path).find(key)
    _keys(tmp_path, "list")
    listed = capsys.readouterr().out
    assert "ana" in listed
    assert "reviewer" in listed
    assert key not in listed
    _keys(tmp_path, "revoke", "ana")
    assert capsys.readouterr().out == f"revoked: {key.split('-')[1]} of ana\n"
    _keys(tmp_path, "revoke", "ana")
    assert capsys.readouterr().out == "ana: was revoked before\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ana", "--role", "boss"), "error: 'boss' is no role."),
        (("add", "a b"), "error: 'a b': a user's name is letters, digits and ._@-, 64 at most"),
        (("revoke", "bo"), "error: 'bo': there is no such key or user."),
    ],
)
def test_a_mistake_is_one_message(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _keys(tmp_path, *arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(said)
