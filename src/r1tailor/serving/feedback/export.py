"""Accepted corrections as what the pipeline reads: a JSONL source of examples, and annotation records for it.

``corrections.jsonl`` is a source of kind ``jsonl``; the documents of a source named ``feedback`` are called
``feedback-1`` and so on, by line. ``annotations.jsonl`` is an export of kind ``records`` that labels those documents:
one vote of who corrected the answer and one of each reviewer, with the answer to the scheme's question where the
corrected text is one of its values, and with corrected text and reason as comments.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from r1tailor import store
from r1tailor.records import Annotation, Labels
from r1tailor.schema.annotation import OwnScheme
from r1tailor.serving.feedback.log import Record
from r1tailor.serving.feedback.review import Outcome, outcome

SOURCE = "feedback"
_OWN = 0o600


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what was left out.

    Attributes:
        files: the source and the annotation records.
        corrections: how many corrections they hold.
        waiting: corrections that are not decided; ``rejected``, ``ratings`` and ``expired`` are left out, too.
    """

    files: tuple[Path, Path]
    corrections: int
    waiting: int
    rejected: int
    ratings: int
    expired: int


def export(
    records: Sequence[Record], folder: Path, scheme: OwnScheme | None, instruction: str, *, two_person: bool
) -> Exported:
    """Write the accepted corrections to a folder, in the order in which they were given.

    Args:
        records: of one domain.
        folder: where to write.
        scheme: of the domain's annotation; None where it has none.
        instruction: of the domain's task.
        two_person: whether two reviewers must agree.
    """
    states = [(record, outcome(record, two_person=two_person)) for record in records]
    accepted = [pair for pair in states if pair[1].status == "accepted"]
    kept = [pair for pair in accepted if pair[0].texts is not None]
    files = folder / "corrections.jsonl", folder / "annotations.jsonl"
    _write(files[0], (_example(record, state, instruction) for record, state in kept))
    votes = [vote for number, pair in enumerate(kept, 1) for vote in _votes(*pair, f"{SOURCE}-{number}", scheme)]
    _write(files[1], map(asdict, votes))
    counted = [state.status for _, state in states]
    return Exported(
        files=files,
        corrections=len(kept),
        waiting=counted.count("open") + counted.count("second"),
        rejected=counted.count("rejected"),
        ratings=counted.count("rating"),
        expired=len(accepted) - len(kept),
    )


def _example(record: Record, state: Outcome, instruction: str) -> dict[str, str]:
    assert record.texts is not None
    return {"instruction": instruction, "input": record.texts.prompt, "output": state.text}


def _votes(record: Record, state: Outcome, document: str, scheme: OwnScheme | None) -> Iterator[Annotation]:
    """Yield the vote of who corrected the answer, then those of the reviewers behind the accepted text."""
    assert record.texts is not None
    given = record.texts.corrected
    place = f"{SOURCE}, {record.id}"
    reason = {"reason": (record.texts.reason,)} if record.texts.reason else {}
    comments: dict[str, tuple[str, ...]] = {"corrected": (given,), **reason}
    yield Annotation(document, record.user, "accept", _labels(given, comments, scheme), record.at, None, place)
    newest = {decision.by: decision for decision in record.decisions if decision.by in state.by}
    for reviewer, decision in newest.items():
        labels = _labels(state.text, {"corrected": (state.text,)}, scheme)
        yield Annotation(document, reviewer, "accept", labels, decision.at, None, place)


def _labels(text: str, comments: dict[str, tuple[str, ...]], scheme: OwnScheme | None) -> Labels:
    questions = [question for question in scheme.questions if text in question.values] if scheme else []
    answers: dict[str, tuple[str, ...]] = {questions[0].name: (text,)} if len(questions) == 1 else {}
    return Labels((), (), answers, comments)


def _write(path: Path, lines: Iterable[object]) -> None:
    store.write_text(path, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), _OWN)
