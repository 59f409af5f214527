"""A teacher that writes what a test wants, and a toy domain whose examples it is asked about."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor import stages
from r1tailor.inference import Answer, Sampling
from r1tailor.layout import RunFolder
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.teaching.teacher import Teacher
from tests.support.toy_run import toy_settings

SEQUENCES = ("objective=distillation_sequences", "objective.teacher=base", "objective.sequences.max_new_tokens=64")


class Scripted:
    """An ``Answerer`` that writes ``text(example, seed)``; it counts how often it is asked.

    Args:
        text: what it writes.
        after: stops as a kill would after so many calls.
    """

    def __init__(self, text: Callable[[Example, int], str | Answer], after: int | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._text, self._after = text, after

    def answer(self, prompts: Sequence[Example], sampling: Sampling, progress: object = None) -> list[Answer]:
        """Return one text for each example."""
        if self._after is not None and len(self.asked) == self._after:
            raise KeyboardInterrupt
        self.asked.append(tuple(prompt.id for prompt in prompts))
        written = [self._text(prompt, sampling.seed) for prompt in prompts]
        return [one if isinstance(one, Answer) else Answer(one) for one in written]


def scripted(
    patched: pytest.MonkeyPatch, text: Callable[[Example, int], str | Answer], after: int | None = None
) -> Scripted:
    """Make every teacher a scripted one, and return it."""
    teacher = Scripted(text, after)
    patched.setattr(Teacher, "opened", lambda *_: teacher)
    return teacher


def instructed(root: Path, *overrides: str) -> tuple[Settings, RunFolder]:
    """Return the toy domain with its examples made."""
    settings, run = toy_settings(root, *overrides), RunFolder(root / "run")
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
        stage(settings, run)
    return settings, run


def thought(answer: str, reasoning: str = "so it must be") -> str:
    """Return a text as a model writes it after a prompt that opens ``<think>``."""
    return f"{reasoning}\n</think>\n\n{answer}"


def example(name: str = "e", **changes: object) -> Example:
    """Return an example of the toy domain."""
    return replace(Example(name, "Which colour?", f"thing {name}", "red", fields={"entities": []}), **changes)  # type: ignore[arg-type]
