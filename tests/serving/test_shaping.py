"""Reasoning and content told apart as they come: whatever the pieces, the same text comes out."""

import random

import pytest

from r1tailor.serving.shaping import Shaper

CASES: dict[str, tuple[str, bool, tuple[str, ...], tuple[str, str]]] = {
    "plain": ("It is I21.", False, (), ("", "It is I21.")),
    "block": ("<think>\nsince\n</think>\n\nI21", False, (), ("since", "I21")),
    "opened by the prompt": ("since\n</think>\n\nI21", True, (), ("since", "I21")),
    "never closed": ("<think>\nsince 38.5 C", False, (), ("since 38.5 C", "")),
    "empty block": ("<think>\n\n</think>\n\nI21", False, (), ("", "I21")),
    "white space before": ("\n <think>a</think> b ", False, (), ("a", "b")),
    "comparators": ("HbA1c <7.0 % and <t", False, (), ("", "HbA1c <7.0 % and <t")),
    "a tag in the answer": ("a <think> b </think> c", False, (), ("", "a <think> b </think> c")),
    "stop": ("one two END three", False, ("END",), ("", "one two ")),
    "stop in reasoning": ("<think>END</think>two END three", False, ("END",), ("END", "two ")),
    "the first of two stops": ("a b c d", False, ("c", "b"), ("", "a ")),
    "half of a stop": ("one EN", False, ("END",), ("", "one EN")),
    "stop at once": ("END", False, ("END",), ("", "")),
    "inner white space": ("a\n\n\nb  c", False, (), ("", "a\n\n\nb  c")),
    "nothing": ("", False, (), ("", "")),
    "beginning of a tag": ("<thi", False, (), ("", "<thi")),
}


@pytest.mark.parametrize("name", CASES)
def test_an_answer_in_any_pieces_is_shaped_the_same(name: str) -> None:
    text, opened, stop, expected = CASES[name]
    chance = random.Random(name)
    for longest in (1, 2, 3, 50):
        shaper, rest, found = Shaper(opened=opened, stop=stop), text, ["", ""]
        while rest:
            size = chance.randint(1, longest)
            for place, part in enumerate(shaper.feed(rest[:size])):
                found[place] += part
            rest = rest[size:]
        for place, part in enumerate(shaper.end()):
            found[place] += part
        assert tuple(found) == expected


def test_a_continued_text_is_left_as_it_is() -> None:
    shaper = Shaper(plain=True)
    parts = [shaper.feed(" <think>"), shaper.feed(" a \n"), shaper.end()]
    assert ("".join(r for r, _ in parts), "".join(c for _, c in parts)) == ("", " <think> a \n")


def test_what_comes_after_a_stop_does_not_count() -> None:
    shaper = Shaper(stop=["END"])
    assert shaper.feed("a END b") == ("", "a ")
    assert shaper.stopped
    assert shaper.feed("more") == shaper.end() == ("", "")
