"""The command that measures the pipeline: its quick parts run, and an unknown part is refused by name."""

import subprocess
import sys

from tests.conftest import ROOT

SCRIPT = ROOT / "tests" / "benchmarks" / "data.py"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_quick_parts_end_in_one_line_of_pairs() -> None:
    done = _run("--quick", "--only", "terms,leaks,agreement")
    assert done.returncode == 0, done.stderr
    pairs = dict(pair.split("=") for pair in done.stdout.splitlines()[-1].split(" "))
    assert int(pairs["terms_terms"]) >= 100_000
    assert float(pairs["leaks_verbatim"]) == 1.0
    assert float(pairs["leaks_edited_least"]) >= 0.95
    assert (pairs["agreement_planted_070_stops"], pairs["agreement_planted_085_stops"]) == ("True", "False")


def test_a_part_that_does_not_exist_is_named() -> None:
    done = _run("--only", "leaks,cleaning")
    assert done.returncode == 2
    assert "there is no part called cleaning; there are terms, privacy, leaks, agreement," in done.stderr
