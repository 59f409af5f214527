"""Random order."""

from r1tailor.curriculum import course, shuffled
from tests.curriculum.test_step_schedule import composed, material


def test_random_order_is_that_of_one_phase() -> None:
    found = material()
    lengths = [len(tokens) for tokens in found.tokens]
    assert course(composed("seed=3"), "1-all", found).steps(1) == shuffled.steps(lengths, 4, 3, 1, pool=16)
