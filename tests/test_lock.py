"""``requirements.lock``: every file has its hash, every dependency its pin, and what is installed is what it says."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import lock
from tests.support.lock import LOCK

_CPU = LOCK.with_name("requirements-cpu.lock")
_ABSENT = {"pycosat"}  # it has no wheel


def _pins() -> dict[str, str]:
    return lock.pins(LOCK.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", [LOCK, _CPU], ids=lambda file: file.name)
def test_every_release_has_a_hash(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = lock.hashes(text)
    assert set(found) == set(lock.pins(text))
    assert found
    for name, hashes in found.items():
        assert hashes, name
        assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in hashes), name


def test_every_dependency_of_the_project_is_pinned_within_its_bounds() -> None:
    project = tomllib.loads(LOCK.with_name("pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"]]
    for group in (project["project"]["optional-dependencies"], project["dependency-groups"]):
        asked += [requirement for requirements in group.values() for requirement in requirements]
    pins = _pins()
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_what_is_installed_is_what_is_pinned_and_lacks_pycosat_alone() -> None:
    pins = _pins()
    installed = {canonicalize_name(found.name): found for found in distributions()}
    assert {name: installed[name].version.split("+")[0] for name in pins} == pins
    faults = set()
    for name in pins:
        for requirement in map(Requirement, installed[name].requires or ()):
            other = installed.get(canonicalize_name(requirement.name))
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            if other is None or not requirement.specifier.contains(other.version, prereleases=True):
                faults.add(canonicalize_name(requirement.name))
    assert faults == _ABSENT


@pytest.mark.parametrize(
    ("filename", "wanted"),
    [
        ("a_b-1.0-py3-none-any.whl", True),
        ("a_b-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", True),
        ("a_b-1.0-cp39-abi3-macosx_11_0_arm64.whl", True),
        ("a_b-1.0-cp313-cp313t-win_amd64.whl", False),
        ("a_b-1.0-cp310-cp310-win_amd64.whl", False),
        ("a_b-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", False),
        ("a_b-2.0-py3-none-any.whl", False),
        ("a_b-1.0.tar.gz", False),
    ],
)
def test_the_lock_holds_the_wheels_of_the_machines_it_serves(filename: str, wanted: bool) -> None:
    assert lock.wanted(filename, "1.0", built=False) is wanted
