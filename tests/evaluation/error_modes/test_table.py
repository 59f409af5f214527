"""Modes and attributions fit 80 columns, and what users write is shown as it is."""

from io import StringIO

from rich.console import Console

from r1tailor.evaluation.error_modes.attribution import Attribution, Segment
from r1tailor.evaluation.error_modes.features import Features
from r1tailor.evaluation.error_modes.modes import Mode
from r1tailor.evaluation.error_modes.run import Findings
from r1tailor.evaluation.error_modes.table import print_findings

HEAD = {
    "name": "toy-1",
    "n": 240,
    "metric": "label_accuracy",
    "kinds": {"right": 200, "regressed": 40},
    "confidence": 0.95,
    "halves": {"found_on": 120, "tested_on": 120},
}
SHOWN = Mode({"field ward [bold]": "icu " * 30, "length": "long"}, 30, 30, 1.0, 0.1, 0.001, 0.9, ("n1", "n2"))
NOISE = Mode({"source": "a"}, 30, 8, 0.26, 0.2, 0.7, 0.5, ("n3",))
WHY = Attribution(
    "n1",
    "regressed",
    "red",
    "[/x] a wrong answer " * 9,
    (Segment("ward: icu\n", -2.5, 0.0), Segment("age: 61", 0.5, 0.0), Segment("sex: f", -0.5, 0.0)),
    -2.0,
    0.5,
    0.0,
)


def printed(found: Findings) -> str:
    console = Console(width=80, file=StringIO(), highlight=False, markup=False, emoji=False)
    print_findings(found, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_is_shown_fits_and_names_the_worst() -> None:
    found = Findings(HEAD, [SHOWN, NOISE], Features({}), [WHY], {"no answer was given": 3}, 2.5, ["a remark"])
    out = printed(found)
    assert max(map(len, out.splitlines())) <= 80
    assert "toy-1: 240 held-out items by label_accuracy: right 200, regressed 40" in out
    assert "[bold]" in out
    assert "n1, n2" in " ".join(out.split())
    assert "n3" not in out, "what is not shown has no examples"
    assert "'ward: icu' -2.50; 'sex: f' -0.50" in " ".join(out.split())
    assert "explained: 1 items in 2.5 s, 2.50 s an item" in out
    assert "not explained: 3: no answer was given" in out
    assert "note: a remark" in out


def test_without_modes_it_says_so() -> None:
    out = printed(Findings(HEAD, [NOISE], Features({}), [], {}, 0.0))
    assert "no error mode is shown" in out
    assert "explained" not in out
