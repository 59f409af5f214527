"""What one phase trains on and is validated by: tokens, steps, and the phases' shares of the validation examples."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from r1tailor.batching.tokens import ChatTokenizer, Tokenized, TokenizedExample, tokenize
from r1tailor.curriculum import Material, course
from r1tailor.curriculum.step_schedule import needs_losses, shares_of
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.training.base_model_losses import base_losses
from r1tailor.training.data import TailorData
from r1tailor.training.resume import local_contents


@dataclass(frozen=True)
class Lesson:
    """The data of one phase.

    Attributes:
        tokens: the training examples of the whole run.
        loader: the phase's steps and the validation rows.
        shares: indexes of the validation examples that each phase so far is about; empty where there is one phase.
    """

    tokens: Tokenized
    loader: TailorData
    shares: Mapping[str, frozenset[int]]


def prepared(
    settings: Settings, key: str, parts: Mapping[str, Sequence[Example]], root: Path, tokenizer: ChatTokenizer
) -> Lesson:
    """Return what a phase trains on.

    Args:
        settings: the composition, its precision decided.
        key: of the phase.
        parts: examples of ``train`` and ``validation``.
        root: the project's root.
        tokenizer: of the model.

    Raises:
        DataError: nothing fits into ``trainer.max_length``, or the phase takes nothing.
    """
    length, cache = settings.trainer.max_length, load.cache_folder() / "tokens"
    train = tokenize(parts["train"], tokenizer, length, cache)
    held_out = held_out_of(settings, parts["validation"])
    validation = tokenize(held_out, tokenizer, length, cache).examples if held_out else []
    material, others = (
        _material(settings, tokens, examples, root, tokenizer.end)
        for tokens, examples in ((train.examples, parts["train"]), (validation, held_out))
    )
    planned = course(settings, key, material)
    loader = TailorData(train.examples, validation, settings, tokenizer.end, planned)
    return Lesson(train, loader, shares_of(settings, key, others, material))


def held_out_of(settings: Settings, validation: Sequence[Example]) -> list[Example]:
    """Return the examples that a run is validated by: the first, or where there are several phases some by lot.

    Files are often in the order of the tasks, or have them in turns, and the loss on each phase's share is to be seen.
    The lot is the same in every run, so that losses can be compared.
    """
    wanted, there = settings.trainer.validation_examples, len(validation)
    if len(settings.curriculum.keys) == 1 or there <= wanted:
        return list(validation[:wanted])
    return [validation[index] for index in sorted(random.Random("held out").sample(range(there), wanted))]


def _material(
    settings: Settings, tokens: Sequence[TokenizedExample], examples: Sequence[Example], root: Path, padding: int
) -> Material:
    wanted = bool(tokens) and needs_losses(settings.curriculum)
    identity = [load.provenance(settings.model), local_contents(settings)] if wanted else []
    losses = base_losses(settings, identity, tokens, root, padding) if wanted else {}
    return Material(tokens, {example.id: example for example in examples}, losses)
