"""Random order."""

from r1tailor.curriculum import course, shuffled
from r1tailor.curriculum.shuffled import cut, steps
from tests.curriculum.test_step_schedule import composed, material


def test_random_order_is_that_of_one_phase() -> None:
    found = material()
    lengths = [len(tokens) for tokens in found.tokens]
    assert course(composed("seed=3"), "1-all", found).steps(1) == shuffled.steps(lengths, 4, 3, 1, pool=1)


def test_lengths_that_tell_the_answer_do_not_decide_which_answers_meet() -> None:
    lengths = [70 + index % 3 for index in range(480)]  # each as long as its label
    at_random, grouped = (steps(lengths, 16, 1, 0, pool=pool) for pool in (composed().curriculum.pool, 16))
    assert sum(len({lengths[one] for one in step}) == 1 for step in grouped) > 20, "of 30 steps"
    assert all(len({lengths[one] for one in step}) == 3 for step in at_random)


def test_turns_of_a_conversation_are_in_one_step_and_there_are_no_more_steps() -> None:
    told = [f"c{index // 6}" for index in range(60)]
    lengths = [10 + index % 7 for index in range(60)]
    for epoch in range(5):
        found = steps(lengths, 8, 1, epoch, pool=3, conversations=told)
        assert sorted(index for step in found for index in step) == list(range(60))
        assert len(found) == 8
        assert all(found), "no step is empty"
        whole = sum(set(step) >= set(range(6 * n, 6 * n + 6)) for n in range(10) for step in found)
        assert whole >= 5
    assert steps(lengths, 8, 1, 0, pool=3, conversations=[""] * 60) == steps(lengths, 8, 1, 0, pool=3)


def test_a_conversation_longer_than_a_step_is_cut() -> None:
    found = cut([list(range(20)), [20]], 8)
    assert [len(step) for step in found] == [8, 8, 5]
