"""Token level: a teacher's distributions over the responses of the training examples, as one Parquet file."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from r1tailor import durable, store
from r1tailor.batching.packing import pack
from r1tailor.batching.taught import FILE, Taught, Teachings, facts_of, write_taught
from r1tailor.batching.tokens import TokenizedExample, tokenize
from r1tailor.errors import DataError, UserError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.model import load
from r1tailor.objective.distillation import distributions
from r1tailor.records import Example
from r1tailor.schema.objective import Distillation, TeachersTokens
from r1tailor.schema.settings import Settings
from r1tailor.teaching.teacher import Teacher

_AT_ONCE = 200  # examples packed together


def write_probabilities(
    teacher: Teacher, settings: Settings, examples: Sequence[Example], folder: Path, root: Path
) -> dict[str, Any]:
    """Write the file of distributions, unless the folder holds that very one; return what to report.

    Args:
        teacher: with the student's tokenizer (``refuse_other_tokens``).
        settings: the student's composition.
        examples: to train on; those that are too long for the student are left out here, too.
        folder: of the file.
        root: the project's root.

    Raises:
        UserError: the teacher cannot be loaded, or no weights of it are here.
    """
    assert isinstance(settings.objective, Distillation)
    wanted = settings.objective.tokens
    assert wanted is not None
    task = settings.domain.task
    tokenizer = load.load_tokenizer(teacher.settings.model, root, task.template, task.reasoning)
    tokenizer = tokenizer.with_soft_tokens(teacher.soft_tokens)
    tokens = tokenize(examples, tokenizer, settings.trainer.max_length, store.cache_folder() / "tokens").examples
    path, facts = folder / FILE, _facts(teacher, tokenizer.sha256, wanted, tokens)
    if not _holds(path, facts):
        print(f"teach: asking {teacher.name} for distributions over {len(tokens):,} examples", flush=True)
        rows = _rows(_local(teacher, root), tokens, wanted)
        temporary = durable.temporary(path)
        try:
            write_taught(temporary, facts, _kept(teacher, wanted, root), rows)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return {
        **wanted.model_dump(mode="json"),
        "examples": len(tokens),
        "tokens": sum(len(example.response) for example in tokens),
        "bytes": path.stat().st_size,
    }


def _facts(
    teacher: Teacher, tokenizer: str, wanted: TeachersTokens, tokens: Sequence[TokenizedExample]
) -> dict[str, str]:
    asked = [(example.id, example.prompt, example.response) for example in tokens]
    return {
        "teacher": teacher.sha256,
        "tokenizer": tokenizer,
        "temperature": repr(wanted.temperature),
        "asked_for": str(wanted.top_k),
        "tokens": hashlib.sha256(repr(asked).encode()).hexdigest(),
    }


def _holds(path: Path, facts: dict[str, str]) -> bool:
    """Whether a file is whole and answers exactly this question."""
    if facts.items() - facts_of(path).items():
        return False
    try:
        Teachings(path)
    except DataError:
        return False
    return True


def _kept(teacher: Teacher, wanted: TeachersTokens, root: Path) -> int:
    return min(wanted.top_k, int(load.load_config(teacher.settings.model, root).vocab_size) - 1)


def _local(teacher: Teacher, root: Path) -> LocalAnswerer:
    opened = teacher.opened(root)
    if not isinstance(opened, LocalAnswerer):
        raise UserError(
            f"objective.teacher = {teacher.name}: its weights are not here, so that it gives no distributions. "
            "Use the sequence level: objective=distillation_sequences"
        )
    return opened


def _rows(
    teacher: LocalAnswerer, examples: Sequence[TokenizedExample], wanted: TeachersTokens
) -> Iterator[tuple[TokenizedExample, Taught]]:
    device, end = next(teacher.model.parameters()).device, teacher.tokenizer.end
    for start in range(0, len(examples), _AT_ONCE):
        part = examples[start : start + _AT_ONCE]
        for micro in pack(part, teacher.settings.trainer.micro_batch_tokens, end):
            with torch.inference_mode():
                found = distributions(teacher.model, micro.to(device), wanted).to(torch.device("cpu"))
            members = [part[index] for index in micro.members]
            lengths = [len(member.response) for member in members]
            columns = (torch.split(one, lengths) for one in (found.ids, found.log_probabilities, found.rest))
            for member, *lesson in zip(members, *columns, strict=True):
                yield member, Taught(*lesson)
