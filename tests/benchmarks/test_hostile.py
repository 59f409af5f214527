"""A seeded sample of the hostile inputs: each is done, or refused with a message, within its limits."""

from pathlib import Path

from tests.benchmarks import hostile


def test_a_sample_of_hostile_inputs_is_done_within_its_limits() -> None:
    found = list(hostile.run(7, range(300)))
    assert [each for each in found if each[3]] == []
    assert [number for number, *_ in found] == list(range(300))
    assert len({name for _, name, *_ in found}) > 20


def test_an_input_is_a_function_of_its_seed_and_number(tmp_path: Path) -> None:
    first, again, other = (hostile.made(seed, 5, tmp_path)[:2] for seed in (1, 1, 2))
    assert first == again != other
