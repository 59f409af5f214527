"""What the stage ``teach`` writes, with a report: verified texts of a teacher, its distributions, or both.

Where answers are preferred to others, it is what a reference model makes of both.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from r1tailor.batching import taught
from r1tailor.domain import Domain
from r1tailor.errors import DataError
from r1tailor.layout import ANSWERS, REFERENCES, TRAIN
from r1tailor.record_files import write_records
from r1tailor.records import Example
from r1tailor.schema.objective import Distillation, Preference
from r1tailor.schema.settings import Settings
from r1tailor.teaching.probabilities import write_probabilities
from r1tailor.teaching.reference import write_pairs
from r1tailor.teaching.teacher import Teacher, find_teacher, refuse_other_tokens
from r1tailor.teaching.texts import summary, write_texts


def write_lessons(
    settings: Settings, examples: list[Example], domain: Callable[[], Domain], folder: Path, root: Path
) -> dict[str, Any]:
    """Ask the teacher of a composition about its training examples; return the report.

    Files of an earlier run that answer the same questions are continued; all others are removed.

    Args:
        settings: the composition.
        examples: those of the training part.
        domain: opens the domain, which verifies texts.
        folder: where to write.
        root: the project's root.

    Raises:
        UserError: there is no such teacher, or it cannot teach this student.
        DataError: pairs of answers are wanted, and no example has a rejected one.
    """
    wanted, teacher = settings.objective, refuse_teacher(settings, root)
    report: dict[str, Any] = {"teacher": teacher.name, "sha256": teacher.sha256}
    if isinstance(wanted, Preference):
        _refuse_no_pairs(examples)
        report["pairs"] = write_pairs(teacher, settings, examples, folder, root)
        clear(folder, REFERENCES)
        return report
    assert isinstance(wanted, Distillation)
    if wanted.sequences:
        _warn_of_short_answers(settings, wanted.sequences.max_new_tokens)
        examples, report["sequences"] = write_texts(teacher, settings, examples, domain(), folder / ANSWERS, root)
        write_records(folder / TRAIN, examples)
    if wanted.tokens:
        report["tokens"] = write_probabilities(teacher, settings, examples, folder, root)
    clear(folder, *((ANSWERS, TRAIN) if wanted.sequences else ()), *((taught.FILE,) if wanted.tokens else ()))
    return report


def _refuse_no_pairs(examples: list[Example]) -> None:
    if not any(example.rejected for example in examples):
        raise DataError(
            f"none of {len(examples):,} training examples has a rejected answer: objective.kind = preference has "
            "nothing to prefer. Give records a rejected_output, or chosen and rejected; or choose objective=supervised"
        )


def _warn_of_short_answers(settings: Settings, written: int) -> None:
    if settings.evaluation.max_reasoning_tokens < written:
        print(
            f"teach: warning: evaluation.max_reasoning_tokens = {settings.evaluation.max_reasoning_tokens} cuts "
            f"reasoning that is as long as the teacher's may be (objective.sequences.max_new_tokens = {written})"
        )


def refuse_teacher(settings: Settings, root: Path) -> Teacher:
    """Return the teacher of a composition, once it is known that it can teach the student; no weights are read.

    Raises:
        UserError: there is no such teacher, or it cannot.
    """
    teacher = find_teacher(settings, root)
    if isinstance(settings.objective, Preference) or getattr(settings.objective, "tokens", None):
        refuse_other_tokens(teacher, settings, root)
    return teacher


def said(report: dict[str, Any]) -> str:
    """Return a report in one line."""
    parts = [report["teacher"]]
    if texts := report.get("sequences"):
        parts.append(summary(texts))
    if tokens := report.get("tokens"):
        parts.append(f"distributions over {tokens['tokens']:,} tokens of {tokens['examples']:,} examples")
    if pairs := report.get("pairs"):
        parts.append(f"log-likelihoods of {pairs['pairs']:,} pairs of answers in {pairs['examples']:,} examples")
    return "; ".join(parts)


def clear(folder: Path, *kept: str) -> None:
    """Remove what an earlier run was asked for and this one is not; ``kept`` names the files of this one."""
    for name in {ANSWERS, TRAIN, taught.FILE, REFERENCES} - set(kept):
        (folder / name).unlink(missing_ok=True)
