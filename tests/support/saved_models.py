"""What a test says of a model that it saves without training."""

from pathlib import Path
from typing import Any

from torch import nn

from r1tailor import artifact, config
from r1tailor.model import load
from r1tailor.model.base import Base
from r1tailor.model.origin import base_of
from r1tailor.model.temporal import encoder_of
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy, save_tuned

SOME_BASE = Base("some", "0" * 64, {"kind": "hub", "hub_id": "some/base", "revision": "main"})
SOME_FACTS = artifact.Facts("adapter", SOME_BASE, "fp32", "0" * 64, "0" * 64, temporal=False, parent=None)


def facts_of(settings: Settings, *, temporal: bool = False, **changes: Any) -> artifact.Facts:  # noqa: ANN401
    """Return what training would record of a toy model."""
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    known = {
        "kind": open_strategy(settings.strategy).kind,
        "base": base_of(settings.model, config.ROOT, settings.seed),
        "precision": "fp32",
        "tokenizer": tokenizer.sha256,
        "chat_template": tokenizer.template_sha256,
        "temporal": temporal,
        "parent": None,
    }
    return artifact.Facts(**(known | changes))


def saved(model: nn.Module, settings: Settings, folder: Path, **changes: Any) -> artifact.Artifact:  # noqa: ANN401
    """Save a model as training does, and return it as it is read."""
    facts = facts_of(settings, temporal=encoder_of(model) is not None, **changes)
    with artifact.written(folder, facts, {"phase": "1-all"}) as temporary:
        save_tuned(open_strategy(settings.strategy), model, temporary, facts.base)
    return artifact.read(folder)
