"""Learning rates over a run: linear warm-up, then one of several ways down.

Cosine (Loshchilov & Hutter 2017, arXiv:1608.03983), a straight line, constant, or stable and then a decay (WSD, Hu et
al. 2024, arXiv:2404.06395).
"""

import math

from r1tailor.schema.training import ConstantScheduler, CosineScheduler, LinearScheduler, WsdScheduler

AnyScheduler = CosineScheduler | LinearScheduler | ConstantScheduler | WsdScheduler


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
        case WsdScheduler():
            down = min(max(1, round(settings.decay * total)), max(1, total - warmup))
            left = _left(settings.shape, (step - (total - down)) / down)
        case _:
            left = _left(settings.kind, (step - warmup) / max(1, total - warmup))
    return settings.final + (1 - settings.final) * left


def _left(shape: str, passed: float) -> float:
    """Return the share of a decay that is left when a share of its steps has passed; all of it before it begins."""
    progress = min(1.0, max(0.0, passed))
    match shape:
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * progress))
        case "1-sqrt":
            return 1 - math.sqrt(progress)
        case _:
            return 1 - progress
