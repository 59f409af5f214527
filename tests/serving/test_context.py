"""What routes share: opened with the settings of the project, in a folder that is closed to others."""

import stat
from pathlib import Path

from r1tailor import config
from r1tailor.serving.context import open_context
from r1tailor.serving.served import Served, Slot
from tests.support.serving import Shelf


def _opened(folder: Path, *overrides: str) -> tuple[bool, str, int]:
    settings = config.load([f"serving.folder={folder / 'kept'}", *overrides])
    context = open_context(settings, config.ROOT, Served(Slot("served", Shelf().followed())))
    assert context.settings is settings.serving
    return context.access.secure, context.access.cookie, stat.S_IMODE(context.folder.stat().st_mode)


def test_cookies_are_sent_over_https_alone_where_pages_are(tmp_path: Path) -> None:
    assert _opened(tmp_path) == (False, "r1tailor_session", 0o700)
    behind = ("serving.host=0.0.0.0", "serving.tls.proxy=10.0.0.5")
    assert _opened(tmp_path, *behind) == (True, "__Host-r1tailor_session", 0o700)
