"""What one phase trains on and is validated by: tokens, steps, and each phase's share of the validation examples."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from r1tailor.batching.pairs import References
from r1tailor.batching.taught import Teachings
from r1tailor.batching.tokens import Tokenized, TokenizedExample
from r1tailor.curriculum import Material, course
from r1tailor.curriculum.step_schedule import needs_losses, shares_of
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.objective import Preference
from r1tailor.schema.settings import Settings
from r1tailor.training.base_model_losses import base_losses
from r1tailor.training.data import TailorData
from r1tailor.training.identity import local_contents
from r1tailor.training.phase_run import PhaseRun


@dataclass(frozen=True)
class PhaseData:
    """The data of one phase.

    Attributes:
        tokens: the training examples of the whole run.
        loader: the phase's steps and the validation rows.
        shares: indexes of the validation examples that each phase so far is about; empty where there is one phase.
    """

    tokens: Tokenized
    loader: TailorData
    shares: Mapping[str, frozenset[int]]


def phase_data(run: PhaseRun) -> PhaseData:
    """Return what a phase trains on and is validated by.

    Raises:
        DataError: nothing fits into ``trainer.max_length``, the phase takes nothing, or what a teacher or a reference
            model made of the examples cannot be read.
    """
    settings, key = run.settings, run.key
    length, end = settings.trainer.max_length, run.tokens.tokenizer.end
    train = run.tokens.within("train", length)
    held_out = held_out_of(settings, run.parts["validation"])
    validation = run.tokens.within("validation", length, held_out).examples if held_out else []
    material, others = (
        _material(run, tokens, examples, end)
        for tokens, examples in ((train.examples, run.parts["train"]), (validation, held_out))
    )
    planned = course(settings, key, material)
    kind = References if isinstance(settings.objective, Preference) else Teachings
    taught = kind(run.lessons) if run.lessons else None
    loader = TailorData(train.examples, validation, settings, end, planned, taught)
    return PhaseData(train, loader, shares_of(settings, key, others, material))


def held_out_of(settings: Settings, validation: Sequence[Example]) -> list[Example]:
    """Return the examples that a run is validated by: the first, or a random sample where there are several phases.

    Files are often sorted by task, or alternate between tasks, and every phase's share has to be represented. The
    sample is the same in every run, so that losses can be compared.
    """
    wanted, there = settings.trainer.validation_examples, len(validation)
    if len(settings.curriculum.keys) == 1 or there <= wanted:
        return list(validation[:wanted])
    return [validation[index] for index in sorted(random.Random("held out").sample(range(there), wanted))]


def _material(run: PhaseRun, tokens: Sequence[TokenizedExample], examples: Sequence[Example], padding: int) -> Material:
    wanted = bool(tokens) and needs_losses(run.settings.curriculum)
    identity = [load.provenance(run.settings.model), local_contents(run.settings)] if wanted else []
    losses = base_losses(run.settings, identity, tokens, run.root, padding) if wanted else {}
    return Material(tokens, {example.id: example for example in examples}, losses)
