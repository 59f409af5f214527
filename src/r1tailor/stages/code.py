"""Which code made an output."""

import subprocess

from r1tailor import __version__, config


def code_version() -> str:
    """Return the package version and, in a git checkout, the commit (marked if it has local changes)."""
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(config.ROOT),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
    ]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{__version__} ({commit})"
