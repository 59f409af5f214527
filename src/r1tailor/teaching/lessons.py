"""What the stage ``teach`` writes: verified texts of a teacher, its distributions, or both; and a report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from r1tailor.batching import taught
from r1tailor.domain import Domain
from r1tailor.layout import ANSWERS, TRAIN
from r1tailor.record_files import write_records
from r1tailor.records import Example
from r1tailor.schema.objective import Distillation
from r1tailor.schema.settings import Settings
from r1tailor.teaching.probabilities import write_probabilities
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
    """
    wanted, teacher = settings.objective, refuse_teacher(settings, root)
    assert isinstance(wanted, Distillation)
    report: dict[str, Any] = {"teacher": teacher.name, "sha256": teacher.sha256}
    if wanted.sequences:
        _warn_of_short_answers(settings, wanted.sequences.max_new_tokens)
        examples, report["sequences"] = write_texts(teacher, settings, examples, domain(), folder / ANSWERS, root)
        write_records(folder / TRAIN, examples)
    if wanted.tokens:
        report["tokens"] = write_probabilities(teacher, settings, examples, folder, root)
    clear(folder, texts=wanted.sequences is not None, tokens=wanted.tokens is not None)
    return report


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
    if isinstance(settings.objective, Distillation) and settings.objective.tokens:
        refuse_other_tokens(teacher, settings, root)
    return teacher


def said(report: dict[str, Any]) -> str:
    """Return a report in one line."""
    parts = [report["teacher"]]
    if texts := report.get("sequences"):
        parts.append(summary(texts))
    if tokens := report.get("tokens"):
        parts.append(f"distributions over {tokens['tokens']:,} tokens of {tokens['examples']:,} examples")
    return "; ".join(parts)


def clear(folder: Path, *, texts: bool, tokens: bool) -> None:
    """Remove what an earlier run was asked for and this one is not."""
    for name, asked in {ANSWERS: texts, TRAIN: texts, taught.FILE: tokens}.items():
        if not asked:
            (folder / name).unlink(missing_ok=True)
