"""One phase of a curriculum, as it is trained: everything that is decided before any weight is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from r1tailor import artifact
from r1tailor.batching.windows import window_shape
from r1tailor.errors import CheckpointError
from r1tailor.planning.follow_data import followed
from r1tailor.planning.lengths import trained_items
from r1tailor.planning.precision import with_precision
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.records import Example
from r1tailor.schema.curriculum import ONLY
from r1tailor.schema.settings import Settings
from r1tailor.training.identity import differences, identity_of


@dataclass(frozen=True)
class PhaseRun:
    """What training one phase needs to know; ``phase_run`` makes it.

    Attributes:
        settings: the composition; precision and whatever is ``auto`` are decided.
        parts: examples of ``train`` and ``validation``.
        data: sha256 of each example file by its name.
        root: the project's root, for local models.
        folder: where the phase writes ``model/``, ``checkpoints/``, ``plots/``, ``metrics.json``, TensorBoard's log.
        key: of the phase.
        parent: the model of the phase before, undamaged; None where training starts from the base model.
        window: (T, C) of the windows that all examples carry; None where they carry none.
        code: version of the code, for the record.
        tokens: the parts as token ids.
        lessons: file of the teacher's distributions, or of the reference model's log-likelihoods; None without either.
        follows: one line on the settings that follow the data; empty where none do.
        chosen: their values by key.
    """

    settings: Settings
    parts: Mapping[str, Sequence[Example]]
    data: Mapping[str, str]
    root: Path
    folder: Path
    key: str
    parent: Path | None
    window: tuple[int, int] | None
    code: str
    tokens: TokenizedParts
    lessons: Path | None = None
    follows: str = ""
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> Path:
        """Folder of the trained model."""
        return self.folder / "model"

    @property
    def checkpoints(self) -> Path:
        """Folder of the states that an interrupted run resumes from."""
        return self.folder / "checkpoints"

    @property
    def metrics_file(self) -> Path:
        """File of the training metrics, written once the model is."""
        return self.folder / "metrics.json"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes it this run and no other (``identity_of``)."""
        return identity_of(self.settings, self.data, self.key, self.parent)


def phase_run(
    settings: Settings,
    parts: Mapping[str, Sequence[Example]],
    data: Mapping[str, str],
    root: Path,
    folder: Path,
    key: str = ONLY,
    parent: Path | None = None,
    code: str = "",
    lessons: Path | None = None,
    tokens: TokenizedParts | None = None,
) -> PhaseRun:
    """Return a phase that can be trained, its examples' windows and its parent checked, its precision decided.

    Args: as the attributes of ``PhaseRun``; ``settings`` may leave the precision open or hold ``auto``, and
        ``parent`` is where that model should be. ``tokens`` are those of the phase before, where there are any.

    Raises:
        DataError: a window is not of finite numbers, or differs in shape from the others.
        CheckpointError: the parent is missing or damaged, or was trained from another base model or strategy.
    """
    window = window_shape((*parts["train"], *parts["validation"]))
    tokens = tokens or TokenizedParts(settings, root, parts)
    found = followed(settings, parts["train"], root, trained_items(settings, tokens))
    if parent:
        _refuse_unsound(found.settings, parent, key)
    decided = with_precision(found.settings, folder, parent)
    return PhaseRun(
        decided, parts, data, root, folder, key, parent, window, code, tokens, lessons, str(found), found.chosen
    )


def _refuse_unsound(settings: Settings, parent: Path, key: str) -> None:
    try:
        before = artifact.read(parent).run.get("composition", {})
    except CheckpointError as error:
        raise CheckpointError(f"{error}. Phase {key} starts from it: train the phase before first") from error
    wanted = settings.model_dump(mode="json", by_alias=True)
    shared = ("model", "strategy", "temporal")
    if differing := differences({k: before.get(k) for k in shared}, {k: wanted[k] for k in shared}):
        raise CheckpointError(
            f"{parent} was trained with other settings: {', '.join(sorted(differing)[:5])} differ; "
            "train the phase before again"
        )
