"""The curves of a run, across interruptions, and what the progress bar shows."""

import csv
import math
from pathlib import Path

import pytest

from r1tailor.training.callbacks import History, ProgressBar

ROWS = [[1, 2.0, None, 0.1], [2, 1.5, 1.2, 0.2], [3, 1.4, None, 0.2], [4, 1.3, 0.9, 0.1], [5, 1.2, 0.9, 0.05]]
SHARES = {2: {"a": 1.0, "b": 1.4}, 4: {"a": 0.8, "b": 1.0}, 5: {"a": 0.7, "b": 1.1}}


def history() -> History:
    made = History()
    made.rows, made.shares = [list(row) for row in ROWS], dict(SHARES)
    made.seconds, made.examples, made.supervised, made.positions = 2.5, 20, 60, 400
    return made


def rows(path: Path) -> list[dict[str, float]]:
    with path.open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_it_comes_back_whole_from_a_checkpoint() -> None:
    restored = History()
    restored.load_state_dict(history().state_dict())
    assert restored.state_dict() == history().state_dict()


def test_the_curves_are_written_for_plots(tmp_path: Path) -> None:
    history().write(tmp_path / "plots")
    curve = rows(tmp_path / "plots" / "loss.csv")
    assert curve == [{"step": step, "loss": loss, "learning_rate": rate} for step, loss, _, rate in ROWS]
    validation = rows(tmp_path / "plots" / "validation.csv")
    assert validation == [{"step": step, "validation_loss": ROWS[step - 1][2]} | SHARES[step] for step in (2, 4, 5)]


def test_the_kept_loss_is_that_of_the_first_lowest_finite_validation_or_of_the_last() -> None:
    made = history()
    assert made.kept(best=True) == (0.9, SHARES[4])
    assert made.kept(best=False) == (0.9, SHARES[5])
    made.rows[0][2] = -math.inf
    made.rows[2][2] = math.nan
    assert made.kept(best=True) == (0.9, SHARES[4])
    made.rows = [[1, 2.0, None, 0.1]]
    assert made.kept(best=True) == made.kept(best=False) == (None, {})


def test_into_a_file_the_bar_prints_twenty_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert ProgressBar(1000).refresh_rate == 50
    assert ProgressBar(7).refresh_rate == 1
    assert ProgressBar(7).init_validation_tqdm().disable
