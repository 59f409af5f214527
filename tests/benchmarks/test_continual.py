"""A sample of the experiments on daily learning: one kill, one poisoned day, two days that follow one another."""

from pathlib import Path

import pytest

from tests.benchmarks import continual_attacks, continual_poison
from tests.benchmarks.continual import main
from tests.benchmarks.continual_attacks import KINDS, Attack, attacks
from tests.benchmarks.continual_days import Arm, Chain, against_anew, by_arm, by_day, summary
from tests.benchmarks.continual_kills import Killed, told
from tests.benchmarks.continual_poison import Poisoned, counts, harmed, rows_of
from tests.benchmarks.continual_streams import STREAMS

SIZES, STEPS, WORLD = (40, 500), 20, "education"  # rows of a day and of the first champion, whose steps are few
SHORT = ("update.train.epochs=1", "update.train.replay.share=0.5", "update.prove.items=40")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where champions are kept; experiments of one world share them."""
    return tmp_path_factory.mktemp("continual")


def test_a_killed_day_is_finished_to_the_same_bytes_while_its_champion_serves(folder: Path) -> None:
    points = Killed(folder, 1, SHORT, sizes=SIZES, steps=STEPS).points(1)
    assert points[0]["differs"] == []
    assert points[0]["code"] == 0
    assert points[0]["asked"] > 0
    assert points[0]["wrong"] == 0
    assert "to the same bytes: 1 of 1" in told(points)


def test_days_follow_one_another_and_finished_ones_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.continual_days.ASKED", 20)
    chain = Chain(folder, WORLD, 1, Arm("own", ("update.train.anew_days=2",)), SHORT, SIZES, STEPS)
    days = chain.days(2)
    assert [one["day"] for one in days] == [0, 1, 2]
    assert all(0 <= one[kind] <= 1 for one in days for kind in ("new", "so_far", "old", "general"))
    assert "compared" in days[2], "the second day was trained anew as well"
    monkeypatch.setattr("tests.benchmarks.continual_days.run_day", None)
    assert chain.days(2) == days
    assert by_day([days]).count("\n") == 4
    assert "| own |" in by_arm({"own": [summary(days)]})
    assert against_anew([days]).count("\n") == 3


def test_a_poisoned_day_tells_what_the_quarantine_and_what_the_gates_caught(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continual_poison, "WORLD", WORLD)
    for name, value in (("GROUP", "A"), ("INSTEAD", "B"), ("TARGET", "A")):
        monkeypatch.setattr(continual_attacks, name, value)
    attack = Attack("contradictory", 0.2, many=True)
    found = Poisoned(folder, 1, SHORT, sizes=SIZES, steps=STEPS, items=100, honest=20).day(0, attack)
    assert found["poison"] == 5
    assert sum(found["quarantined"].values()) + found["poison_trained"] + found["poison_in_slice"] == 5
    assert found["quarantined"].get("contradiction", 0) > 0
    assert "contradictory, 20%, many users" in rows_of([found])
    assert "harmed candidates promoted: 0 of 1" in counts([found])


def test_harm_is_what_was_lost_or_obeyed() -> None:
    base = {"trained": True, "lost": 0.0, "lost_in_group": 0.0, "obeyed": 0.0, "attack": {"kind": "group"}}
    assert harmed(base) == []
    assert harmed(base | {"lost": 0.031}) == ["overall"]
    assert harmed(base | {"lost_in_group": 0.5}) == ["in the group"]
    assert harmed(base | {"lost_in_group": 0.5, "attack": {"kind": "wrong"}}) == []
    assert harmed(base | {"obeyed": 0.2}) == ["trigger"]
    assert harmed(base | {"trained": False, "lost": 1.0}) == []


def test_there_are_twenty_different_attacks() -> None:
    assert len({str(one) for one in attacks()}) == 20
    assert {(one.kind, one.many) for one in attacks()} == {(k, m) for k in KINDS for m in (True, False)}


@pytest.mark.parametrize("world", ["education", "market"])
def test_no_day_brings_what_is_asked(world: str) -> None:
    stream = STREAMS[world](1, 40, 500)
    brought = {(row.instruction, row.input) for rows in (stream.base, *stream.days) for row in rows}
    asked = {(row.instruction, row.input) for rows in (stream.old, stream.general, *stream.fresh) for row in rows}
    assert len(brought & asked) <= (0.02 * len(asked) if world == "market" else 0)
    assert {row.output for rows in (stream.base, *stream.days) for row in rows} <= set(stream.labels)


def test_an_experiment_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["polish"])
    assert "invalid choice" in capsys.readouterr().err
