"""Sequence level: a teacher writes about the training examples, and what is verified takes their place.

Examples are asked in fixed parts, each with seeds of its own, so that a run that was interrupted and continued writes
what an undisturbed one does.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.domain import Domain
from r1tailor.errors import DataError
from r1tailor.inference import Answerer, Sampling
from r1tailor.instruction.template import THINK
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.objective import Distillation, TeachersSequences
from r1tailor.schema.settings import Settings
from r1tailor.teaching.answers import AnswerFile, Text, question_of
from r1tailor.teaching.teacher import Teacher
from r1tailor.teaching.verified import UNVERIFIED, chosen, verifier

_AT_ONCE = 32  # examples that are asked, and kept, together


def write_texts(
    teacher: Teacher, settings: Settings, examples: Sequence[Example], domain: Domain, path: Path, root: Path
) -> tuple[list[Example], dict[str, Any]]:
    """Return what to train on in the place of the training examples, and the report on it.

    Args:
        teacher: who is asked.
        settings: the student's composition.
        examples: of the training part.
        domain: verifies the texts.
        path: file of the texts; those that it holds are not asked for again.
        root: the project's root.

    Raises:
        ConfigError: the domain does not measure what should verify.
        DataError: no text was verified.
    """
    assert isinstance(settings.objective, Distillation)
    wanted = settings.objective.sequences
    assert wanted is not None
    verify = verifier(domain, wanted.verify)
    tokenizer = None if teacher.endpoint else _tokenizer(teacher, root)
    longest = teacher.settings.model.context_length - wanted.max_new_tokens
    distils = settings.domain.task.reasoning == "distil"
    without = [one for one in examples if not (distils and one.reasoning)]  # the others keep the reasoning they have
    fitting = [one for one in without if tokenizer is None or len(tokenizer.prompt(one).prompt) <= longest]
    texts = _asked(teacher, settings, wanted, fitting, path, root)
    return _selected(examples, fitting, texts, domain, verify, wanted, tokenizer, distils=distils)


def _tokenizer(teacher: Teacher, root: Path) -> ChatTokenizer:
    return load.load_tokenizer(teacher.settings.model, root).with_soft_tokens(teacher.soft_tokens)


def summary(report: dict[str, Any]) -> str:
    """Return the report in words."""
    dropped = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in report["dropped_texts"].items())
    return (
        f"{report['texts']:,} texts about {report['examples']:,} examples, {report['rate']:.1%} verified by "
        f"{report['verified_by']}{f' (not kept: {dropped})' if dropped else ''}; {report['trained_on']:,} examples to "
        f"train on, {report['without_text']:,} without a verified text {report['unverified']}"
    )


def _asked(
    teacher: Teacher,
    settings: Settings,
    wanted: TeachersSequences,
    examples: Sequence[Example],
    path: Path,
    root: Path,
) -> dict[tuple[str, int], str | None]:
    """Return the texts by example and number, None where one was cut; ask for those that the file does not hold."""
    parts = [examples[start : start + _AT_ONCE] for start in range(0, len(examples), _AT_ONCE)]
    how = wanted.model_dump(mode="json", include={"samples", "temperature", "top_p", "max_new_tokens"})
    questions: dict[str, str] = {}
    for part in parts:  # a text depends on what is asked with it, as all of it is drawn from one generator
        drawn = json.dumps([how, settings.seed, [example.id for example in part]])
        questions |= {example.id: question_of(example, drawn) for example in part}
    file = AnswerFile(path, teacher.sha256, questions)
    missing = [part for part in parts if any((e.id, n) not in file.texts for e in part for n in range(wanted.samples))]
    if missing:
        count = sum(map(len, missing))
        print(f"teach: asking {teacher.name} about {count:,} of {len(examples):,} examples", flush=True)
        opened = teacher.opened(root)
        for part in missing:
            file.add(_written(opened, teacher, part, questions, settings.seed, wanted))
    return file.texts


def _written(
    opened: Answerer,
    teacher: Teacher,
    part: Sequence[Example],
    questions: dict[str, str],
    seed: int,
    wanted: TeachersSequences,
) -> list[Text]:
    found = []
    for sample in range(wanted.samples):
        named = f"{seed} {sample} {questions[part[0].id]}"
        own = int.from_bytes(hashlib.sha256(named.encode()).digest()[:4])
        sampling = Sampling(wanted.max_new_tokens, wanted.temperature, wanted.top_p, own)
        for example, answer in zip(part, opened.answer(list(part), sampling), strict=True):
            cut = answer.truncated == "answer"
            found.append(Text(teacher.sha256, questions[example.id], example.id, sample, answer.text, cut))
    return found


def _selected(
    examples: Sequence[Example],
    fitting: Sequence[Example],
    texts: dict[tuple[str, int], str | None],
    domain: Domain,
    verify: str,
    wanted: TeachersSequences,
    tokenizer: ChatTokenizer | None,
    *,
    distils: bool,
) -> tuple[list[Example], dict[str, Any]]:
    became: Counter[str] = Counter()
    asked = {example.id for example in fitting}
    result: list[Example] = []
    taught = 0
    for example in examples:
        made: list[Example] = []
        if example.id in asked:
            opened = tokenizer is not None and tokenizer.prompt_parts(example)[-1].rstrip().endswith(THINK)
            own = [texts[example.id, sample] for sample in range(wanted.samples)]
            made, fates = chosen(example, own, domain, verify, wanted, opened=opened, reasoned=distils)
            became += fates
        taught += bool(made)
        as_it_is = wanted.unverified == "keep" or (distils and example.reasoning)
        result += made or ([example] if as_it_is else [])
    verified = became.total() - sum(became[name] for name in UNVERIFIED)
    if fitting and not taught:
        raise DataError(
            f"the teacher's texts about {len(fitting):,} examples: none was verified by {verify} "
            f"({', '.join(f'{count:,} {name}' for name, count in became.items() if count)}). "
            "Choose another objective.teacher, objective.sequences.verify, or a larger max_new_tokens"
        )
    report = {
        "verified_by": verify,
        "examples": len(examples),
        "too_long_for_the_teacher": len(examples) - len(fitting),
        "texts": became.total(),
        "rate": verified / max(became.total(), 1),
        "kept_texts": became["kept"],
        "dropped_texts": {name: count for name, count in sorted(became.items()) if count and name != "kept"},
        **({"kept_their_reasoning": sum(bool(one.reasoning) for one in examples)} if distils else {}),
        "without_text": len(examples) - taught - (sum(bool(one.reasoning) for one in examples) if distils else 0),
        "unverified": {"drop": "dropped", "keep": "kept as they are"}[wanted.unverified],
        "with_reasoning": sum(bool(example.reasoning) for example in result),
        "trained_on": len(result),
    }
    return result, report
