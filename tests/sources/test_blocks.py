"""Blocks of text: plain text's headings, and sections that hold every block once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources.blocks import Block, joined, plain_blocks, sections

PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=150)
BLOCKS = st.lists(st.builds(Block, st.text("ab。 ", min_size=1), st.integers(0, 6)))


@PROPERTY
@given(BLOCKS)
def test_sections_hold_every_block_once_in_order_and_their_headings_lead_down(blocks: list[Block]) -> None:
    found = list(sections(blocks))
    assert [block for section in found for block in section.blocks] == blocks
    assert "\n\n".join(section.text for section in found) == joined(blocks)
    for section in found:
        levels = [block.level for block in section.blocks]
        assert levels == sorted(levels, key=lambda level: level == 0)  # headings come before paragraphs
        if levels[0]:
            assert section.headings[-1] == [block for block in section.blocks if block.level][-1].text


@PROPERTY
@given(st.text("a第三章1.# \r\nChapter-"))
def test_plain_text_keeps_every_line_but_its_marks(text: str) -> None:
    kept = joined(plain_blocks(text))
    assert "".join(kept.split()).replace("#", "") == "".join(text.split()).replace("#", "")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("# Fever", 1),
        ("### Fever ###", 3),
        ("#Fever", 0),
        ("####### Fever", 0),
        ("# ", 0),
        ("第一编 总则", 1),
        ("第十二章　医疗损害责任", 2),
        ("第3节 用药", 3),
        ("第五条 自然人的民事权利能力一律平等。", 0),
        ("第三章规定，其适用范围如下。", 0),
        ("Part II", 1),
        ("CHAPTER 3: Dosage in children", 2),
        ("Section 12", 3),
        ("Section 12 of the act says that this holds.", 0),
        ("Chapter 3 " + "x" * 80, 0),
        ("Chapters are many", 0),
    ],
)
def test_a_heading_of_plain_text_says_so(line: str, level: int) -> None:
    first, *rest = plain_blocks(f"{line}\nmore")
    assert (first.level, len(rest)) == (level, 1 if level else 0)
    (inside,) = plain_blocks(f"before\n{line}")
    assert inside.level == 0
