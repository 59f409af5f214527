"""The key of surrogates."""

from pathlib import Path

import pytest

from r1tailor.corpus.privacy import Deidentifier, key
from r1tailor.errors import ConfigError
from tests.corpus.privacy.test_deidentify import KEY, REDACT, SURROGATE


def test_the_key_comes_from_outside_or_the_run_stops(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (tmp_path / "key").write_bytes(KEY + b"\n")
    (root / "key").write_bytes(KEY)
    assert key.read(REDACT, root, {"TAILOR_KEY": KEY.decode()}) == KEY
    assert key.read(SURROGATE, root, {"TAILOR_KEY": KEY.decode()}) == KEY
    assert key.read(SURROGATE, root, {"TAILOR_KEY_FILE": str(tmp_path / "key")}) == KEY
    for environment, message in (
        ({}, "TAILOR_KEY is not set"),
        ({"TAILOR_KEY": "short"}, "has 5 bytes; it needs at least 16"),
        ({"TAILOR_KEY_FILE": str(root / "key")}, "names a file in the project's tree"),
        ({"TAILOR_KEY_FILE": str(tmp_path / "none")}, "cannot be read"),
    ):
        for settings in (REDACT, SURROGATE):  # ids are opaque under the key whatever becomes of each kind
            with pytest.raises(ConfigError, match=message):
                key.read(settings, root, environment)
    with pytest.raises(ConfigError, match="needs a secret key, from TAILOR_KEY"):
        Deidentifier(SURROGATE, None)
