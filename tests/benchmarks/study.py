"""Simulated raters with position bias and noise: how often a study without a difference names a winner.

    PYTHONPATH=src:. python tests/benchmarks/study.py [runs]

Each run is a whole study: its draw, its votes, and the conclusion with early stopping at any item. The subjects are
equally good over all items, though not on each one. With a real difference, it also counts how often it is found.
"""

import sys
from dataclasses import dataclass

import numpy as np

from r1tailor.serving.study.draw import draw
from r1tailor.serving.study.statistics import Floats, Rated, preferences
from r1tailor.serving.study.verdict import judge

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Raters:
    """How simulated raters vote.

    Attributes:
        count: number of raters.
        bias: pull towards answer A of each rater, drawn around this (logits).
        noise: spread of a single judgement.
        spread: spread of the items' true differences.
        gain: mean true difference in favour of the second subject.
        careless: share of votes that ignore the answers.
    """

    count: int = 4
    bias: float = 0.8
    noise: float = 1.0
    spread: float = 0.5
    gain: float = 0.0
    careless: float = 0.1


SCENES = {
    "noise only": Raters(bias=0.0, spread=0.0),
    "position bias": Raters(),
    "strong position bias": Raters(bias=2.5, noise=0.5),
    "items differ": Raters(spread=2.0),
    "one rater": Raters(count=1, bias=1.5),
    "three raters, careless": Raters(count=3, careless=0.5),
}


def vote(raters: Raters, items: int, seed: int) -> Floats:
    """Return the preferences [raters, items] of one simulated study."""
    generator = np.random.default_rng(seed)
    differences = generator.normal(raters.gain, raters.spread, items)
    rated = []
    for rater, trials in enumerate(draw(items, raters.count, items // 6, seed)):
        bias = generator.normal(raters.bias, 0.5 * raters.bias)
        for trial in trials:
            seen = differences[trial.item] * (1 if trial.swapped else -1) + bias + generator.normal(0, raters.noise)
            careless = generator.random() < raters.careless
            choice = str(generator.choice(["a", "a", "b", "tie"])) if careless else _choice(seen)
            rated.append(Rated(rater, trial, choice))
    return preferences([one for one in rated if not one.trial.repeat], (raters.count, items))


def _choice(seen: float) -> str:
    return "tie" if abs(seen) < 0.4 else "a" if seen > 0 else "b"


def winners(raters: Raters, items: int, runs: int) -> float:
    """Return the share of studies that name a winner."""
    verdicts = [judge(vote(raters, items, seed), _CONFIDENCE, ended=True) for seed in range(runs)]
    return sum(verdict.winner is not None for verdict in verdicts) / runs


def main(runs: int) -> int:
    """Print a row a scene; return 1 where more than 5 % of the studies without a difference name a winner."""
    worst = 0.0
    for name, raters in SCENES.items():
        false = winners(raters, 60, runs)
        worst = max(worst, false)
        print(f"{name}: a false winner in {false:.1%} of {runs} studies of 60 items")
    found = winners(Raters(gain=0.5), 60, runs)
    print(f"a real difference: found in {found:.1%} of {runs}")
    return int(worst > 1 - _CONFIDENCE)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
