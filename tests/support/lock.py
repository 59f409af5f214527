"""``make lock``: writes ``requirements.lock`` again, with the sha256 of every file that pip may choose.

The versions are those of the present lock: change one there, then run ``make lock``. The hashes are the package index's
own, read with pip's session, so that mirrors, proxies and certificates are those pip is configured with. No package is
downloaded. ``requirements-cpu.lock`` is written by hand: the CPU build of torch that no package index of this kind has.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

LOCK = Path(__file__).parents[2] / "requirements.lock"
HEADER = """\
# The whole environment, pinned: run time, tests, checks and documentation. Installed without resolving, and no file is
# installed whose sha256 is not here. Change a version, then run: make lock
# Files for Python 3.11 to 3.14 on Linux (x86-64, aarch64), macOS (arm64) and Windows (x86-64).
# Left out: pycosat, which reasoning-gym asks for, has no wheel and serves puzzles that are not used here.
"""
BUILT = (
    "antlr4-python3-runtime",
    "cellpylib",
    "jieba",
    "zss",
)  # pure Python, no wheel: our setuptools builds them
_PYTHONS = ("cp311", "cp312", "cp313", "cp314", "py3", "py311", "py312")
_PLATFORMS = ("any", "manylinux", "macosx", "win_amd64")
_MACHINES = {"manylinux": ("x86_64", "aarch64"), "macosx": ("arm64", "universal2")}
_JSON = "application/vnd.pypi.simple.v1+json"


def pins(lock: str) -> dict[str, str]:
    """Return name -> version of a lock."""
    lines = (line.split(" \\")[0].strip() for line in lock.splitlines())
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def hashes(lock: str) -> dict[str, list[str]]:
    """Return name -> sha256 of the files of a lock."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines():
        text = line.strip()
        if text.startswith("--hash=sha256:"):
            found[name].append(text.removeprefix("--hash=sha256:").split()[0])
        elif "==" in text and not text.startswith("#"):
            name = text.split("==")[0]
            found[name] = []
    return found


def wanted(filename: str, version: str, built: bool) -> bool:
    """Whether a file is of this version and for a machine that the lock serves."""
    try:
        if not filename.endswith(".whl"):
            return built and str(parse_sdist_filename(filename)[1]) == version
        found = parse_wheel_filename(filename)
    except (InvalidSdistFilename, InvalidWheelFilename):
        return False
    return str(found[1]) == version and any(
        _python(tag.interpreter, tag.abi) and _platform(tag.platform) for tag in found[3]
    )


def _python(interpreter: str, abi: str) -> bool:
    if abi == "abi3":  # for this version of CPython and every later one
        return interpreter.startswith("cp3") and int(interpreter[3:]) <= 14
    return interpreter in _PYTHONS and not abi.endswith("t")


def _platform(platform: str) -> bool:
    kind = next((kind for kind in _PLATFORMS if platform.startswith(kind)), None)
    return kind is not None and (kind not in _MACHINES or platform.endswith(_MACHINES[kind]))


def _files(name: str, session: Any, index: str) -> list[dict[str, Any]]:  # noqa: ANN401
    answer = session.get(f"{index.rstrip('/')}/{name}/", headers={"Accept": _JSON})
    answer.raise_for_status()
    files: list[dict[str, Any]] = answer.json()["files"]
    return files


def _entry(name: str, version: str, files: list[dict[str, Any]]) -> Iterator[str]:
    found = [file["hashes"]["sha256"] for file in files if wanted(file["filename"], version, name in BUILT)]
    if not found:
        sys.exit(f"{name}=={version}: the index has no wheel of it for these machines")
    lines = [f"{name}=={version}", *(f"    --hash=sha256:{sha256}" for sha256 in sorted(set(found)))]
    yield " \\\n".join(lines)


def main() -> None:
    """Write the lock again."""
    from pip._internal.commands import create_command

    command: Any = create_command("download")
    options, _ = command.parse_args(["--quiet"])
    with command.main_context():
        session = command.get_default_session(options)
        entries = [
            entry
            for name, version in sorted(pins(LOCK.read_text(encoding="utf-8")).items())
            for entry in _entry(name, version, _files(name, session, options.index_url))
        ]
    binary = f"--only-binary :all:\n--no-binary {','.join(BUILT)}\n"
    LOCK.write_text(HEADER + binary + "\n".join(entries) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
