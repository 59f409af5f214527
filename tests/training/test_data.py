"""Optimizer steps: their order resumes, and processes share each of them."""

from typing import Any

import pytest

from r1tailor import config
from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.training.data import Rows, Steps, TailorData
from tests.training.test_module import varied

SETTINGS = ("model=tiny_llama", "trainer.batch_size=4", "trainer.max_epochs=2", "trainer.max_steps=null")


def members(step: list[MicroBatch]) -> list[tuple[int, ...]]:
    return sorted(tuple(micro.input_ids[0].tolist()) for micro in step)


def steps() -> Steps:
    return Steps(varied(14), config.load([*SETTINGS]), padding=0)


def test_resumed_steps_are_the_rest_of_the_whole_ones_in_any_epoch() -> None:
    whole = [members(step) for step in steps()]
    assert len(whole) == len(steps()) == 8
    for done in (0, 1, 3, 4, 7, 8):
        rest = steps()
        rest.load_state_dict({"next": done})
        assert [members(step) for step in rest] == whole[done:]
        assert rest.state_dict() == {"next": 8}


def test_processes_share_the_examples_of_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    count = [sum(len(micro.members) for micro in step) for step in steps()]
    monkeypatch.setenv("WORLD_SIZE", "3")
    shares = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        shares.append([sum(len(micro.members) for micro in step) for step in steps()])
    assert [sum(each) for each in zip(*shares, strict=True)] == count
    assert [sorted(epoch) for epoch in (count[:4], count[4:])] == [[2, 4, 4, 4]] * 2
    short = count.index(2)
    assert [share[short] for share in shares] == [1, 1, 0], "a process may have none of a short step"


def test_without_validation_examples_there_are_no_rows() -> None:
    settings = config.load([*SETTINGS])
    assert TailorData(varied(4), [], settings, 0).validation == []
    data = TailorData(varied(4), varied(3), settings, 0)
    assert sum(len(micro.members) for micro in data.val_dataloader() if micro) == 3


def test_a_conversation_is_one_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [TokenizedExample(str(n), (n, n + 1), (3,), conversation="ab"[n % 2] if n < 6 else "") for n in range(8)]
    shares = []
    for rank in range(2):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", "2")
        shares.append([example.id for example in Steps._own(members)])
    assert shares == [["0", "2", "4", "6"], ["1", "3", "5", "7"]]


@pytest.mark.parametrize(("rows", "processes", "each"), [(5, 2, 3), (1, 4, 1), (0, 2, 1), (6, 3, 2)])
def test_every_process_validates_by_as_many_rows(
    monkeypatch: pytest.MonkeyPatch, rows: int, processes: int, each: int
) -> None:
    every: list[Any] = list(range(rows))
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    shares = []
    for process in range(processes):
        monkeypatch.setenv("RANK", str(process))
        shares.append(list(Rows(every)))
    assert [len(share) for share in shares] == [each] * processes
    assert sorted(row for share in shares for row in share if row is not None) == every
