"""What a domain with privacy leaves on a disk is its user's alone, and what breaks down there quotes nothing.

Everything that holds text is covered at once, whatever writes it: while the stages run, every new file is 0600 and
every new folder 0700, in worker processes too, and the run's folder is closed to others.
"""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from r1tailor import config
from r1tailor.errors import TailorError, without_content
from r1tailor.schema.settings import Settings

_OWNER_ONLY = 0o077


@contextmanager
def confidential(settings: Settings, folder: Path) -> Iterator[None]:
    """Keep a run of a domain with privacy from other users of the machine; do nothing for any other domain.

    DVC copies outputs into its cache with modes of its own (0444), so the cache below the project is closed too.

    Args:
        settings: the composition.
        folder: of the run; it is made where it is not there yet.

    Raises:
        TailorError: a stage broke down, in the place of an error that may quote what the stage read.
    """
    if settings.domain.cleaning.privacy is None:
        yield
        return
    before = os.umask(_OWNER_ONLY)
    try:
        for closed in (folder, *_caches(config.ROOT)):
            closed.mkdir(parents=True, exist_ok=True)
            closed.chmod(0o700)
        yield
    except (TailorError, OSError):
        raise
    except Exception as error:
        traceback.print_tb(error.__traceback__)  # lines of code, without the error's own words
        raise TailorError(f"the run broke down with {without_content(error)}") from None
    finally:
        os.umask(before)


def _caches(root: Path) -> Iterator[Path]:
    if (root / ".dvc").is_dir():
        yield root / ".dvc" / "cache"
        yield root / ".dvc" / "tmp"
