"""Learning rates over a run: linear warm-up, then cosine (Loshchilov & Hutter 2017, arXiv:1608.03983) or constant."""

import math

from r1tailor.schema.training import ConstantScheduler, CosineScheduler

AnyScheduler = CosineScheduler | ConstantScheduler


def warmup_steps(settings: AnyScheduler, total: int) -> int:
    """Return the warm-up scaled from ``reference_steps`` to the real length of the run, in optimizer steps."""
    scaled = round(settings.warmup_steps * total / settings.reference_steps)
    return max(1, scaled) if settings.warmup_steps else 0


def factor(settings: AnyScheduler, step: int, total: int) -> float:
    """Return the share of the peak rate at optimizer step ``step`` (from 0) of ``total``.

    The first step already learns: warm-up runs over (step + 1) / warm-up.
    """
    warmup = warmup_steps(settings, total)
    if step < warmup:
        return (step + 1) / warmup
    match settings:
        case ConstantScheduler():
            return 1.0
        case CosineScheduler():
            progress = min(1.0, (step - warmup) / max(1, total - warmup))
            return settings.final + (1 - settings.final) * 0.5 * (1 + math.cos(math.pi * progress))
