"""What can go wrong, and what the process says and exits with.

::

    TailorError                     1   something failed that is not the user's doing
    ├── UserError                   2   one clear message: what is wrong, where, what is allowed
    │   ├── ConfigError             2   a setting, listed with every other faulty setting
    │   ├── ProjectError            2   there is no project here, or what is asked for would overwrite one
    │   ├── DataError               2   raw material or records: names the file and the line
    │   │   └── FeedError           2   a market feed gives no figures: its code, and what to do
    │   │       ├── FeedUnavailableError  2   it cannot be reached, or not in as many attempts as it was given
    │   │       ├── FeedLoginError        2   nobody is logged in, or somebody else is
    │   │       ├── FeedAccessError       2   the account may not have these figures
    │   │       ├── FeedQuotaError        2   the account has had as many figures as it may
    │   │       └── FeedRequestError      2   the feed does not understand what it is asked for
    │   ├── ModelUnavailableError   2   a base model that cannot be had: what was tried, how to get it
    │   ├── PreflightError          2   a run that could not have worked, found before weights are read
    │   ├── CheckpointError         2   a checkpoint that is damaged or belongs to another run
    │   └── RegistryError           2   a version that does not exist, or may not be promoted
    ├── TrainingError               1   training itself broke down (loss not finite, again and again)
    ├── Pruned                      1   a job of a search that fell behind the others
    └── Interrupted           130/143   Ctrl-C or SIGTERM, after a checkpoint was written
"""

import os
import re
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

_OS_ERROR = re.compile(r"\(os error (\d+)\)|\[Errno (\d+)\]")  # as libraries in Rust and C++ word it


class TailorError(Exception):
    """Base of every error this package raises on purpose; its text is the whole message."""

    exit_code = 1


class UserError(TailorError):
    """The input is at fault and the message says how to mend it."""

    exit_code = 2


class ConfigError(UserError):
    """One or more settings are wrong.

    Args:
        faults: one sentence a fault; all of them are shown together.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"{count} in the configuration:", *(f"  - {fault}" for fault in faults)]))

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[list[str]]]:
        """Travel from a worker process as what it was made of."""
        return type(self), (self.faults,)


class ProjectError(UserError):
    """There is no project where one is needed, or one that would be overwritten."""


class DataError(UserError):
    """Raw material, a record file or a downloaded member is not what it should be."""


class FeedError(DataError):
    """A market feed gives no figures."""


class FeedUnavailableError(FeedError):
    """The feed cannot be reached."""


class FeedLoginError(FeedError):
    """Nobody is logged in at the feed, or somebody else is."""


class FeedAccessError(FeedError):
    """The account has no right to these figures."""


class FeedQuotaError(FeedError):
    """The account has had as many figures as it may have for now."""


class FeedRequestError(FeedError):
    """The feed does not know what it is asked for: a symbol, a field, an option."""


class ModelUnavailableError(UserError):
    """A base model is neither cached nor downloadable here."""


class PreflightError(UserError):
    """The composition is well formed but cannot run with this model, data or machine."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged or does not belong to this run."""


class RegistryError(UserError):
    """A registry request cannot be carried out."""


class TrainingError(TailorError):
    """Training cannot go on."""


class Pruned(TailorError):
    """A job of a search fell behind the others and ended early."""


class Interrupted(TailorError):
    """The user or the system asked to stop; a valid checkpoint has been written.

    Args:
        message: what was saved and how to go on.
        signal_number: the signal that asked (2 for Ctrl-C, 15 for SIGTERM).
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Give an operating system's error the path that was being written.

    A full disk is met in ``write`` or ``fsync``, whose errors name no file; libraries in other languages raise errors
    of their own, with the system's number in the text.

    Raises:
        OSError: with its ``filename``.
    """
    try:
        yield
    except TailorError:
        raise
    except OSError as error:
        number = error.errno or _number(error)
        if number is None or error.filename is not None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    except Exception as error:
        if (number := _number(error)) is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def without_content(error: BaseException) -> str:
    """Return what a library found wrong, in words that quote nothing of what it was given.

    Raw material is confidential, and so is what parsers say of it: SQLite quotes a path, ``int`` a cell, Arrow a value.
    What is said is the kind of error, the position where the error knows it as numbers, and the line of code.
    """
    said = type(error).__name__
    match error:
        case UnicodeDecodeError():
            said = f"not {error.encoding} (byte {error.start + 1})"
        case JSONDecodeError():
            said = f"not JSON (line {error.lineno}, column {error.colno})"
        case OSError() if error.errno:
            said = os.strerror(error.errno)
        case sqlite3.Error() if name := getattr(error, "sqlite_errorname", None):
            said = f"{said} ({name})"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{said}, at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else said


def _number(error: Exception) -> int | None:
    found = _OS_ERROR.search(str(error))
    return int(found[1] or found[2]) if found else None
