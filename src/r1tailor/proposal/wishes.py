"""What only a person knows: given as options, asked on a terminal, or left to the proposal."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PRESETS = ("none", "hipaa", "pipl", "securities")
WAYS = ("text", "passages", "annotate")


@dataclass(frozen=True)
class Wishes:
    """Answers of a person; empty where the proposal decides.

    Attributes:
        name: of the domain.
        language: of the answers: ``en`` or ``zh``.
        input: columns of the question.
        output: column of the answer.
        group: column of what stays together.
        instruction: what the model is asked.
        preset: regulation that the data is under.
        way: of documents without answers: ``text``, ``passages`` or ``annotate``.
        users: who uses the model for what.
        threshold: smallest value of the goal that is worth it.
        why: what goes wrong below it.
    """

    name: str = ""
    language: str = ""
    input: tuple[str, ...] = ()
    output: str = ""
    group: str = ""
    instruction: str = ""
    preset: str = ""
    way: str = ""
    users: str = ""
    threshold: float | None = None
    why: str = ""


class Asker:
    """Asks on a terminal; without one, or with ``--yes``, every answer is the proposed one.

    Args:
        silent: whether nothing is asked.
        read: in place of ``input``; None takes that.
    """

    def __init__(self, *, silent: bool, read: Callable[[str], str] | None = None) -> None:
        self.silent = silent or not sys.stdin.isatty()
        self._read = read or input

    def __call__(self, question: str, proposed: str, allowed: Sequence[str] = ()) -> str:
        """Return the answer to a question: an empty line takes what is proposed.

        Args:
            question: what is asked.
            proposed: the answer of the proposal.
            allowed: possible answers; empty for free text. Several may be given, divided by commas.
        """
        if self.silent:
            return proposed
        choice = f" ({', '.join(allowed)})" if allowed else ""
        while True:
            answer = self._read(f"{question}{choice} [{proposed}]: ").strip() or proposed
            wrong = [part.strip() for part in answer.split(",") if allowed and part.strip() not in allowed]
            if not wrong or answer == proposed:
                return answer
            print(f"  {', '.join(wrong)}: {', '.join(allowed)}")
