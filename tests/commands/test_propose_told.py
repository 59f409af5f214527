"""What is printed of a draft: counts, what the test can show, what to train with, and the next commands."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.commands import propose_told
from r1tailor.commands.propose_trial import Tried, tried
from r1tailor.layout import RunFolder
from r1tailor.proposal.opened import opened
from r1tailor.proposal.tongue import Decision
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases

_SILENT = Asker(silent=True)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """A list of questions that was tried."""
    path = proposal_cases.questions(tmp_path_factory.mktemp("told") / "sums.json")
    return tried(opened(str(path), Wishes(), _SILENT), _SILENT, RunFolder(path.parent / "trial"))


def test_counts_power_settings_and_the_next_commands_are_told(found: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    propose_told.tell(found)
    told = capsys.readouterr().out
    for said in ("examples ", "80 % power", "strategy ", "max_epochs ", "target_modules ", "max_length ", "lr "):
        assert said in told, said
    assert "  python train.py --config-name=debug domain=sums\n" in told
    assert "too few to learn from" not in told


def test_of_a_hundred_thousand_examples_all_weights_are_trained(
    found: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    propose_told.tell(replace(found, times=5000))
    told = capsys.readouterr().out
    assert "full (" in told
    assert "domain=sums strategy=full" in told


def test_too_few_examples_are_called_so(found: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    propose_told.tell(replace(found, parts={name: members[:5] for name, members in found.parts.items()}))
    assert "too few to learn from: collect more" in capsys.readouterr().out


def test_people_who_label_are_next_where_nothing_is_answered_yet(
    found: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    propose_told.tell(replace(found, parts={}, notes=(Decision("rejected", "1 records"),)))
    told = capsys.readouterr().out
    assert "  rejected         1 records\n" in told
    assert told.endswith("next:\n  r1tailor tasks domain=sums\n")


def test_prices_are_fetched_before_they_are_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = proposal_cases.prices(tmp_path / "fund.csv")
    propose_told.tell_market(opened(str(path), Wishes(), _SILENT))
    told = capsys.readouterr().out
    assert told.index("r1tailor market backfill domain=fund") < told.index("python train.py domain=fund")
