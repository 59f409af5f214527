"""How a chat template writes reasoning is read off what it renders, and what a share of it teaches is said."""

import re
from typing import Any

import pytest

from r1tailor.instruction.reasoning import ANSWER, WHY, Blocks, learnt, meaning

R1 = Blocks("opened")


@pytest.mark.parametrize(
    ("blocks", "reasoning", "prompt", "block"),
    [
        (R1, "why", "...<think>\n", "why\n</think>\n\n"),
        (R1, "why", "...<think>", "\nwhy\n</think>\n\n"),
        (R1, "", "...<think>\n", "\n</think>\n\n"),  # an opened block is closed, though it is empty
        (Blocks("written"), "why", "...assistant\n", "<think>\nwhy\n</think>\n\n"),
        (Blocks("written"), "", "...assistant\n", "<think>\n\n</think>\n\n"),
        (Blocks("opened", "", "", ""), "why", "...<think>", "why</think>"),
        (Blocks("closed", "", "", ""), "", "...</think>", ""),
        (Blocks("none"), "why", "...", "<think>\nwhy\n</think>\n\n"),
    ],
)
def test_a_block_continues_the_prompt(blocks: Blocks, reasoning: str, prompt: str, block: str) -> None:
    assert blocks.block(reasoning, prompt) == block


@pytest.mark.parametrize(
    ("template", "prompt", "answered", "reasoned", "found"),
    [
        ("no such thing", "?A:", f"?A:{ANSWER}", f"?A:{ANSWER}", Blocks("none")),
        ("<think>", "?A<think>\n", f"?A{ANSWER}", f"?A{ANSWER}", R1),
        (
            "<think>",
            "?A:",
            f"?A:<think>\n\n</think>\n\n{ANSWER}",
            f"?A:<think>\n{WHY}\n</think>\n\n{ANSWER}",
            Blocks("written", empty="<think>\n\n</think>\n\n"),
        ),
        ("</think>", "?A</think>", f"?A</think>{ANSWER}", f"?A</think>{ANSWER}", Blocks("closed", "", "", "")),
        ("<think>", "?A<think>", f"?A</think>{ANSWER}", f"?A</think>{ANSWER}", Blocks("opened", "", "", "")),
        (
            "<think>",
            "?A:",
            f"?A:<think></think> {ANSWER}",
            f"?A:<think> {WHY} </think> {ANSWER}",
            Blocks("written", " ", " ", " ", "<think></think> "),
        ),
    ],
)
def test_blocks_are_learnt_from_what_is_rendered(
    template: str, prompt: str, answered: str, reasoned: str, found: Blocks
) -> None:
    assert learnt(template, prompt, answered, reasoned) == found


def test_only_a_template_with_room_for_thinking_thinks() -> None:
    assert [Blocks(place).thinks for place in ("opened", "closed", "written", "none")] == [True, False, True, False]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("keep", 10, 10, "opened"),
            r"^10 of 10 examples \(100%\) have reasoning: the model is trained to think before",
        ),
        (
            ("refuse", 5, 10, "written"),
            r"\(50%\) have reasoning: the model is trained to think before about 50%",
        ),
        (
            ("keep", 0, 10, "opened"),
            r"so the model stops thinking \(unsupervised would keep it\)$",
        ),
        (("empty", 0, 10, "opened"), "an empty block is trained, so the model stops thinking$"),
        (("none", 0, 10, "written"), "no block is trained .* so the model stops thinking$"),
        (("unsupervised", 0, 10, "opened"), "the loss skips the block"),
        (("distil", 4, 10, "opened"), "of the others the loss skips the block"),
        (("empty", 0, 10, None), "on a chat template that thinks, an empty block is trained"),
        (("unsupervised", 0, 10, "none"), "no room for thinking, where empty, unsupervised and none are the same$"),
        (("keep", 1, 10, "none"), "which its chat template does not know$"),
    ],
)
def test_what_a_share_of_reasoning_means_is_said(asked: Any, said: str) -> None:  # noqa: ANN401
    assert re.search(said, meaning(*asked))
