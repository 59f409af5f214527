"""What is replayed: a share, half real and half written by the champion, the same each time."""

from collections.abc import Sequence
from dataclasses import replace

from r1tailor.inference.answerer import Answer
from r1tailor.records import Example
from r1tailor.schema.update import Replay
from r1tailor.update.replay import Ask, count, learnt, replayed
from tests.support.proven_days import examples, selected

HALF = Replay(share=0.5, self_written=0.5)


def _ask(asked: Sequence[Example]) -> list[Answer]:
    return [Answer("x", reasoning="why", answer=f"own answer to {one.id}") for one in asked]


def _always(answer: Answer) -> Ask:
    return lambda asked: [answer] * len(asked)


def test_half_of_the_replay_is_real_and_half_the_champions_own() -> None:
    pool = examples(50, "old")
    made = replayed(pool, 10, HALF, 1, _ask)
    assert [one.origin for one in made] == ["written"] * 5 + ["replay"] * 5
    assert len({one.of for one in made}) == 10
    for one in made[:5]:
        assert (one.example.output, one.example.reasoning) == (f"own answer to {one.of}", "why")
    assert made == replayed(pool, 10, HALF, 1, _ask)
    assert made != replayed(pool, 10, HALF, 2, _ask)


def test_an_answer_that_was_cut_or_is_empty_is_not_trained_on() -> None:
    pool = examples(4, "old")
    for answer in (Answer("x", answer="half an", truncated="answer"), Answer(" ", answer=" ")):
        made = replayed(pool, 4, Replay(share=0.5, self_written=1.0), 1, _always(answer))
        assert [one.origin for one in made] == ["replay"] * 4
        assert {one.example.id for one in made} == {one.id for one in pool}


def test_what_cannot_be_asked_as_one_question_is_replayed_as_it_is() -> None:
    pool = [replace(example, conversation="c") for example in examples(4, "old")]
    assert {one.origin for one in replayed(pool, 4, Replay(share=0.5, self_written=1.0), 1, _ask)} == {"replay"}


def test_the_share_is_one_of_the_mixture_and_the_pool_may_be_smaller() -> None:
    assert [count(30, share) for share in (0.0, 0.25, 0.5, 1.0)] == [0, 10, 30, 30]
    assert len(replayed(examples(3, "old"), 10, HALF, 1, _ask)) == 3
    assert replayed(examples(3, "old"), 10, Replay(share=0.0, self_written=0.5), 1, _ask) == []


def test_a_later_item_replaces_an_earlier_one_and_edited_answers_lose_their_reasoning() -> None:
    old, new = examples(2, "a"), [replace(one, reasoning="stale") for one in examples(1, "b")]
    edited = [replace(one, replaces=("a0",)) for one in selected(new, "correction", original="red")]
    kept = selected([replace(new[0], id="c0")], "correction", original=new[0].output)
    made = learnt({"d1": selected(old), "d2": [*edited, *kept]}, "d2")
    assert [(one.of, one.origin, one.day, one.example.reasoning) for one in made] == [
        ("a1", "pending", "d1", ""),
        ("b0", "day", "d2", ""),
        ("c0", "day", "d2", "stale"),
    ]
