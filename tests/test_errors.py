"""Errors: the tree that the docstring draws, and the exit code of each."""

import errno
import inspect
import re
from pathlib import Path

import pytest

from r1tailor import errors

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
DRAWN = re.findall(r"^(.*?)(\w+) +(\d+)(?:/\d+)? {2,}\S", errors.__doc__ or "", re.MULTILINE)


def test_the_docstring_draws_every_error_there_is_under_its_parent() -> None:
    above: dict[int, str] = {}
    for indent, name, _ in DRAWN:
        depth = len(indent)
        parents = [above[d] for d in sorted(above) if d < depth]
        above = {d: n for d, n in above.items() if d < depth} | {depth: name}
        if parents:
            assert getattr(errors, name).__base__.__name__ == parents[-1]
    assert {name for _, name, _ in DRAWN} == {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize(("name", "code"), [(name, int(code)) for _, name, code in DRAWN])
def test_an_error_ends_the_process_with_its_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    made = (
        kind("stopped", 2) if kind is errors.Interrupted else kind(["x"]) if kind is errors.ConfigError else kind("x")
    )
    assert made.exit_code == code


def test_a_configuration_error_counts_and_lists_its_faults() -> None:
    assert str(errors.ConfigError(["a"])) == "1 fault in the configuration:\n  - a"
    assert str(errors.ConfigError(["a", "b"])) == "2 faults in the configuration:\n  - a\n  - b"


def test_sigterm_has_a_code_of_its_own() -> None:
    assert errors.Interrupted("stopped", 15).exit_code == 143


@pytest.mark.parametrize(
    "raised",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
    ids=["system", "arrow", "safetensors"],
)
def test_a_full_disk_names_the_path_whatever_library_met_it(raised: Exception) -> None:
    with pytest.raises(OSError, match="No space left") as error, errors.writing(Path("cache/model")):
        raise raised
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, "cache/model")


@pytest.mark.parametrize("raised", [ValueError("something else"), errors.DataError("(os error 28)")])
def test_another_error_while_writing_is_left_as_it_is(raised: Exception) -> None:
    with pytest.raises(type(raised)) as error, errors.writing(Path("cache/model")):
        raise raised
    assert error.value is raised
