"""Preference: what the reference model makes of both answers of each pair, asked once and kept in one file."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from r1tailor import store
from r1tailor.batching.pair_rows import pack_pairs
from r1tailor.batching.pairs import References, tokenize_pairs, write_references
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import DataError, UserError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.layout import REFERENCES
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example
from r1tailor.schema.objective import Preference
from r1tailor.schema.settings import Settings
from r1tailor.teaching.teacher import Teacher

_AT_ONCE = 100  # pairs packed together


def write_pairs(
    reference: Teacher, settings: Settings, examples: Sequence[Example], folder: Path, root: Path
) -> dict[str, Any]:
    """Write the file of log-likelihoods, unless the folder holds that very one; return what to report.

    Args:
        reference: with the tokenizer of the model that trains (``refuse_other_tokens``).
        settings: of the model that trains.
        examples: to train on; those that are too long are left out here, too. Without any pair the file is empty.
        folder: of the file.
        root: the project's root.

    Raises:
        UserError: the reference cannot be loaded, or no weights of it are here.
    """
    wanted, task = settings.objective, settings.domain.task
    assert isinstance(wanted, Preference)
    tokenizer = load.load_tokenizer(reference.settings.model, root, task.template, task.reasoning)
    tokenizer = tokenizer.with_soft_tokens(reference.soft_tokens)
    tokens = tokenize_pairs(examples, tokenizer, settings.trainer.max_length, store.cache_folder() / "tokens").examples
    pairs = [one for one in tokens if one.rejected]
    asked = [(one.id, one.prompt, one.response, one.rejected.response) for one in pairs if one.rejected]
    facts = {
        "reference": reference.sha256,
        "tokenizer": tokenizer.sha256,
        "tokens": hashlib.sha256(repr(asked).encode()).hexdigest(),
    }
    if not _holds(folder / REFERENCES, facts):
        if pairs:
            print(f"teach: asking {reference.name} about {len(pairs):,} pairs of answers", flush=True)
        write_references(folder / REFERENCES, facts, _likelihoods(reference, pairs, root) if pairs else ())
    return {**wanted.model_dump(mode="json"), "examples": len(tokens), "pairs": len(pairs)}


def _holds(path: Path, facts: dict[str, str]) -> bool:
    """Whether a file is whole and answers exactly this question."""
    try:
        return References(path).facts == facts
    except DataError:
        return False


def _likelihoods(
    reference: Teacher, pairs: Sequence[TokenizedExample], root: Path
) -> Iterator[tuple[TokenizedExample, float, float]]:
    """Yield each pair with the log-likelihoods (nats) of its responses."""
    opened = reference.opened(root)
    if not isinstance(opened, LocalAnswerer):
        raise UserError(
            f"objective.reference = {reference.name}: its weights are not here, so that it gives no likelihoods"
        )
    device, end = next(opened.model.parameters()).device, opened.tokenizer.end
    for start in range(0, len(pairs), _AT_ONCE):
        part = pairs[start : start + _AT_ONCE]
        for micro in pack_pairs(part, opened.settings.trainer.micro_batch_tokens, end):
            with torch.inference_mode():
                found = log_likelihoods(opened.model, micro.to(device)).tolist()
            assert micro.pairs is not None
            for chosen, rejected in zip(micro.pairs.chosen.tolist(), micro.pairs.rejected.tolist(), strict=True):
                yield part[micro.members[chosen]], found[chosen], found[rejected]
