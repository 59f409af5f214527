"""A pupil's dialogue with a tutor over several turns, about generated problems whose answers are verified.

Each turn of the tutor is an example after the turns before it, and is scored by what it is for: a hint must give the
verified first step and not the answer, a correction the verified step, the end the verified answer.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, coverage
from r1tailor.domain.conversations import turned
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.education import verified, worked_of
from r1tailor.domain.tutoring import Taught, dialogue
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_BEFORE_THE_PUPIL_TRIED = ("hint", "reason")
_STATED = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_ENDS_IN = re.compile(r"(?:=|\banswer is)\s*([^=\n]+?)\.?\s*$", re.MULTILINE)


class EducationDialogueDomain(DomainSection):
    """A pupil's dialogues about generated problems."""

    kind: Literal["education_dialogue"] = Field(
        description="education_dialogue: a tutor's turns, from a hint to the verified answer."
    )


class EducationDialogue(Domain):
    """Dialogues about problems of ``sources/generated.py``."""

    def __init__(self, settings: DomainSection, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._without = 0

    def examples(self) -> Iterator[Example]:
        """Yield an example for each turn of the tutor; ``fields["stage"]`` is what it is for.

        Raises:
            DataError: no worked steps are written for a task.
        """
        self._without = 0
        for document in self.documents:
            kept = {name: document.fields[name] for name in ("task", "level", "answer", "metadata")}
            worked = worked_of(document, self.settings.kind)
            turns = (
                dialogue(worked, kept["task"], kept["answer"], partial(gives_away, entry=kept), document.id)
                if verified(worked.answer, kept)
                else []
            )
            if not turns:
                self._without += 1
                continue
            taught = [turn for turn in turns if isinstance(turn, Taught)]
            said = [asdict(turn.turn if isinstance(turn, Taught) else turn) for turn in turns]
            fields = {"turns": said, "group": document.id}
            for example in turned(document, fields, kept | {"entities": []}, self.settings.task):
                of = taught[example.fields["turn"] - 1]
                yield replace(example, fields=example.fields | {"stage": of.stage, "steps": list(of.steps)})

    def remarks(self) -> Sequence[str]:
        """Say how many problems allow no dialogue."""
        why = "one step, or an answer that stands in the problem or in the first step"
        return (f"{self._without:,} of {len(self.documents):,} problems make no dialogue: {why}",)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one turn by what it is for."""
        answer, stage = answer_of(prediction.generated), example.fields["stage"]
        scores = coverage("step_coverage", example.fields["steps"], answer)
        if stage in _BEFORE_THE_PUPIL_TRIED:
            scores["given_away"] = float(gives_away(answer, example.fields))
        if stage == "result":
            scores["verified_accuracy"] = float(any(verified(one, example.fields) for one in _stated(answer)[-1:]))
        return scores

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent answer, as a dialogue ends."""
        counted = Counter(example.fields["answer"] for example in train)
        return f"The answer is {counted.most_common(1)[0][0]}."


def gives_away(text: str, entry: dict[str, str]) -> bool:
    """Whether a text states the answer of an entry (task, answer, metadata): a number or the end of a line is it."""
    return any(verified(one, entry) for one in {*_STATED.findall(text), *_ENDS_IN.findall(text)})


def _stated(answer: str) -> list[str]:
    """Return what a turn states as results, in order: what its lines end in, or else its numbers."""
    return [one.strip() for one in _ENDS_IN.findall(answer)] or _STATED.findall(answer)


DECLARATION = Declaration(
    kind="education_dialogue",
    section=EducationDialogueDomain,
    implementation="r1tailor.domain.education_dialogue:EducationDialogue",
    metrics=(
        ScoredMetric(
            "verified_accuracy",
            "proportion",
            constant_answer=True,
            description="Last turns of the tutor whose result is verified as right, however it is written.",
        ),
        ScoredMetric(
            "given_away",
            "proportion",
            description="Turns before the pupil has tried that state the answer; less is better.",
        ),
        ScoredMetric("step_coverage", "mean", description="Share of the reference's steps that a turn states."),
    ),
)
