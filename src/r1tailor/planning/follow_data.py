"""``auto``: passes, validations, learning rate and adapted layers that follow the data and the model.

What decides whether a small set is learnt is the number of optimizer steps, not of passes: adapters begin at zero, and
the rate warms up and decays within the run. So a number of steps is wanted, and passes follow from it:

- 320 steps where answers are short, as labels are, 240 for sentences, 160 for texts: the more tokens a step
  supervises, the less its gradient scatters. Half as many where the model has a billion weights or more, which learn
  as much from fewer examples.
- At least 1 pass and at most 30 where answers are short, 10 where they are longer and are memorised sooner, and half as
  many with full weights. The checkpoint of the best validation is kept, so a pass too many costs time, and a pass too
  few costs the result: 10 passes over 163 labelled requests reached a loss of 0.151, a run of 20 passes 0.102.
- 5 validations in all. Early stopping counts validations, and while the rate is high the loss rises and falls: where
  three in vain were a seventh of the run, or three eighths, it ended before the rate had fallen, with a model that gave
  little but the majority's answer. More than half of the run is long enough; the best checkpoint is kept anyway.
- Adapters learn best at about ten times the rate of full weights, on all linear layers (Schulman et al. 2025, LoRA
  Without Regret), and large models want smaller rates: 2e-4 at 7 billion weights (the distills' rate), growing with
  the inverse root of the size, between 5e-5 and 2e-3.

The same settings, examples and model always give the same values: a resumed run finds itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.model import HubModel
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import AUTO, AdapterStrategy, decided

_WANTED = ((40, 320, 30), (800, 240, 10))  # steps, and the most passes, where the median answer has fewer characters
_OF_TEXTS = (160, 10)
_LARGE = 1_000_000_000  # weights
_VALIDATIONS = 5
_RATE, _RATE_AT, _RATES = 2e-4, 7e9, (5e-5, 2e-3)
_FULL_WEIGHTS = 0.1  # of the adapters' rate
_LAYERS = "all_linear"
KEYS = ("trainer.max_epochs", "trainer.validations", "optimizer.lr", "strategy.target_modules")


@dataclass(frozen=True)
class Followed:
    """A composition without ``auto``.

    Attributes:
        settings: the composition.
        chosen: value by key of what was ``auto``.
        reasons: why, a clause each, in the order of ``chosen``.
    """

    settings: Settings
    chosen: dict[str, Any]
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        pairs = zip(self.chosen.items(), self.reasons, strict=True)
        named = (f"{key} = {_shown(value)} ({why})" for (key, value), why in pairs)
        return f"settings that follow the data: {', '.join(named)}" if self.chosen else ""


def open_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys of a composition that are ``auto``."""
    found = {
        "trainer.max_epochs": settings.trainer.max_epochs,
        "trainer.validations": settings.trainer.validations,
        "optimizer.lr": settings.optimizer.lr,
        "strategy.target_modules": getattr(settings.strategy, "target_modules", None),
    }
    return tuple(key for key in KEYS if found[key] == AUTO)


def followed(settings: Settings, examples: Sequence[Example], root: Path, items: int | None = None) -> Followed:
    """Return a composition with every ``auto`` replaced by a value.

    Args:
        settings: the composition.
        examples: that are trained on; none yet: what only depends on them takes its largest value.
        root: the project's root, for local models.
        items: how many training draws from, where that is another number: the windows of whole texts.

    Raises:
        ModelUnavailableError: the architecture is neither listed nor to be had.
    """
    wanted = open_keys(settings)
    if not wanted:
        return Followed(settings, {}, ())
    weights, count = _weights(settings, root), len(examples) if items is None else items
    chosen, reasons = dict[str, Any](), list[str]()
    passes, why = _passes(settings, examples, weights, count)
    values: dict[str, tuple[Any, str]] = {"trainer.max_epochs": (passes, why)}
    if "trainer.max_epochs" not in wanted:
        passes = decided(settings.trainer.max_epochs)
    values["trainer.validations"] = _validations(settings, passes, count)
    values["optimizer.lr"] = _rate(settings, weights)
    values["strategy.target_modules"] = (_LAYERS, "adapters learn most on all of them")
    for key in wanted:
        chosen[key], reason = values[key]
        reasons.append(reason)
    return Followed(_replaced(settings, chosen), chosen, tuple(reasons))


def _weights(settings: Settings, root: Path) -> int:
    """Return how many weights the base model has; nothing is downloaded for it."""
    if isinstance(settings.model, HubModel):
        return settings.model.parameters
    skeleton = load.skeleton(load.load_config(settings.model, root))
    return sum(parameter.numel() for parameter in skeleton.parameters())


def _passes(settings: Settings, examples: Sequence[Example], weights: int, count: int) -> tuple[int, str]:
    length = median(len(example.output) for example in examples) if examples else 0
    steps, most = next(((steps, most) for below, steps, most in _WANTED if length < below), _OF_TEXTS)
    steps = steps // 2 if weights >= _LARGE else steps
    most = most if isinstance(settings.strategy, AdapterStrategy) else most // 2
    a_pass = max(1, -(-count // settings.trainer.batch_size))
    passes = min(most, max(1, -(-steps // a_pass))) if examples else most
    named = f"{count:,} windows of {len(examples):,} texts" if count != len(examples) else f"{count:,} examples"
    return passes, (
        f"{named} are {a_pass:,} steps a pass; {steps} steps are wanted for answers of "
        f"{length:.0f} characters, at most {most} passes"
    )


def _validations(settings: Settings, passes: int, examples: int) -> tuple[int, str]:
    steps = max(1, -(-examples // settings.trainer.batch_size)) * passes
    steps = min(steps, settings.trainer.max_steps or steps)
    early = settings.trainer.early_stopping
    if early is None:
        return min(steps, _VALIDATIONS), "they are a curve to look at: the run keeps the weights of its last step"
    return min(steps, _VALIDATIONS), f"early stopping chooses among them; {early.patience} in vain end the run"


def _rate(settings: Settings, weights: int) -> tuple[float, str]:
    least, most = _RATES
    rate = min(most, max(least, _RATE * (_RATE_AT / weights) ** 0.5))
    adapters = isinstance(settings.strategy, AdapterStrategy)
    rate = float(f"{rate if adapters else rate * _FULL_WEIGHTS:.1e}")
    return (
        rate,
        f"{weights:,} weights, {'adapters' if adapters else 'all train: a tenth of the rate of adapters'}",
    )


def _replaced(settings: Settings, chosen: dict[str, Any]) -> Settings:
    for key, value in chosen.items():
        section, _, name = key.partition(".")
        changed = getattr(settings, section).model_copy(update={name: value})
        settings = settings.model_copy(update={section: changed})
    return settings


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
