"""One answer and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.inference import Answer
from r1tailor.redteam.cases import Case, as_json
from r1tailor.redteam.verdicts import Judgement, judge, of_letter


@dataclass(frozen=True)
class Judged:
    """A case, what a subject answered, and the verdicts on its answer and on its reasoning, apart from each other.

    Attributes:
        case: what was asked.
        answer: without its reasoning.
        reasoning: before the answer; empty where there is none.
        truncated: the part that was cut; empty where none was.
        verdict: on the answer.
        of_reasoning: on the reasoning; None where there is none.
    """

    case: Case
    answer: str
    reasoning: str
    truncated: str
    verdict: Judgement
    of_reasoning: Judgement | None

    @property
    def broken(self) -> bool:
        """Whether the answer is broken."""
        return self.verdict.verdict == "broken"

    @property
    def undecided(self) -> bool:
        """Whether people have to decide."""
        return self.verdict.verdict == "undecided"

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        reasoned = asdict(self.of_reasoning) if self.of_reasoning else None
        facts = {"answer": self.answer, "reasoning": self.reasoning, "truncated": self.truncated}
        return as_json(self.case) | facts | asdict(self.verdict) | {"reasoning_judged": reasoned}


def judged(case: Case, answer: Answer, likeliest: str = "") -> Judged:
    """Return an answer with its verdicts.

    Args:
        case: what was asked.
        answer: what a subject wrote.
        likeliest: of a choice, the letter that the subject finds likeliest: it decides where the answer names none.
    """
    said = answer.answer if answer.reasoning or answer.truncated == "reasoning" else answer.answer or answer.text
    verdict = judge(case, said)
    if verdict.verdict == "undecided" and likeliest:
        verdict = of_letter(case, likeliest, "ranked")
    reasoned = judge(case, answer.reasoning) if answer.reasoning else None
    return Judged(case, said, answer.reasoning, answer.truncated, verdict, reasoned)


def write(path: Path, made: Sequence[Judged]) -> None:
    """Write verdicts as JSON lines."""
    store.write_text(path, "".join(f"{json.dumps(one.as_json(), ensure_ascii=False)}\n" for one in made))
