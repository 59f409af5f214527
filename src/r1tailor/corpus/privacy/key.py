"""The secret key of a domain with privacy: from the environment, never from settings or the project's tree."""

import os
from collections.abc import Mapping
from pathlib import Path

from r1tailor.errors import ConfigError
from r1tailor.schema.corpus import Privacy

_SHORTEST = 16  # bytes


def read(settings: Privacy, root: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the key, which every domain with privacy has: ids, groups and annotators are opaque under it.

    Args:
        settings: name the variable; the variable of that name with ``_FILE`` behind it names a file instead.
        root: the project's tree, in which the file must not lie.
        environment: where the variables are.

    Raises:
        ConfigError: there is no key, it is too short, or its file lies in the tree or cannot be read.
    """
    name, file = settings.key_variable, f"{settings.key_variable}_FILE"
    if name in environment:
        key = environment[name].encode()
    elif file in environment:
        key = _from_file(Path(environment[file]), file, root)
    else:
        raise ConfigError(
            [
                f"{name} is not set: domain.cleaning.privacy needs a secret key, under which ids are opaque; "
                f"set {name} or {file}"
            ]
        )
    if len(key) < _SHORTEST:
        raise ConfigError([f"the key in {name} or {file} has {len(key)} bytes; it needs at least {_SHORTEST}"])
    return key


def _from_file(path: Path, variable: str, root: Path) -> bytes:
    if path.resolve().is_relative_to(root.resolve()):
        raise ConfigError([f"{variable} names a file in the project's tree; keep the key outside of it"])
    try:
        return path.read_bytes().strip()
    except (OSError, ValueError) as error:
        raise ConfigError([f"the file that {variable} names cannot be read"]) from error
