"""Temporary files and folders lie next to what they become and carry the number of their process.

A killed process cannot remove its own, and they hold raw text: whoever writes there next removes those of processes
that no longer run.
"""

import os
import re
import shutil
from pathlib import Path


def sweep(folder: Path, prefix: str) -> None:
    """Remove the files and folders called prefix, number of a process, rest; unless that process is running."""
    for left in folder.glob("*"):
        found = re.match(rf"{re.escape(prefix)}(\d+)\b", left.name)
        if found and not _runs(int(found[1])):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True
