"""Candidate against champion on the same items: is it better, can it be worse, and by how much at most.

Scores of one conversation are summed: its answers are not independent. Tests are one-sided. Where every item scores 0
or 1 on its own they are exact (binomial) or score tests (``evaluation/score_interval.py``); else the signs of the
differences are drawn at random, and bounds are Student's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom, norm, t

from r1tailor.evaluation.score_interval import tango
from r1tailor.records import Example

_DRAWS, _MOST_DRAWS, _BLOCK = 20, 400_000, 4096  # draws for each 1/p that must be told apart; at most; at once


@dataclass(frozen=True)
class Paired:
    """Differences candidate - champion.

    Attributes:
        differences: [c] the sum of each conversation (of each item that is in none).
        n: items.
        champion: mean score.
        candidate: mean score.
        binary: whether each conversation is one item, and each scores 0 or 1.
    """

    differences: NDArray[np.float64]
    n: int
    champion: float
    candidate: float
    binary: bool

    @property
    def difference(self) -> float:
        """The mean difference; NaN without items."""
        return self.candidate - self.champion

    @property
    def mistakes(self) -> int:
        """Items that the champion got wrong; only where they are ``binary``."""
        return round(self.n * (1 - self.champion)) if self.n else 0

    @property
    def mended(self) -> int:
        """Those of them that the candidate gets right."""
        return int((self.differences > 0).sum())

    def p_better(self, least: float, seed: int) -> float:
        """Return the p-value that the candidate is no better; 1 where nothing differs.

        Args:
            least: the smallest p that has to be told apart from larger ones.
            seed: of the draws.
        """
        return _p_larger(self.differences, least, seed, binary=self.binary)

    def p_worse(self, least: float, seed: int) -> float:
        """Return the p-value that the candidate is no worse."""
        return _p_larger(-self.differences, least, seed, binary=self.binary)

    def p_mends_more(self, elsewhere: "Paired") -> float:
        """Return the p-value that the champion's mistakes here are mended no more often than those elsewhere.

        Corrections are of answers that were wrong, so that any change of a model turns some of them right and none
        wrong: what has to be beaten is how often that happens anyway. Fisher's exact test; only for ``binary``.
        """
        mistakes, mended = self.mistakes + elsewhere.mistakes, self.mended + elsewhere.mended
        return float(hypergeom.sf(self.mended - 1, mistakes, mended, self.mistakes))

    def lower(self, alpha: float) -> float:
        """Return the lower end of the one-sided interval of the mean difference; -inf with fewer than 2 items.

        It never lies closer to the difference than harm in none of n items allows, z^2 / (n + z^2).
        """
        clusters = len(self.differences)
        if clusters < 2:
            return -math.inf
        if self.binary:
            won, lost = int((self.differences > 0).sum()), int((self.differences < 0).sum())
            return tango(won, lost, self.n, 1 - 2 * alpha)[0]
        each = self.n / clusters
        spread = float(self.differences.std(ddof=1)) / each / math.sqrt(clusters)
        width = max(float(t.ppf(1 - alpha, clusters - 1)) * spread, least_margin(clusters, alpha))
        return self.difference - width


def paired(items: Sequence[Example], champion: Sequence[float], candidate: Sequence[float]) -> Paired:
    """Return the paired differences on some items.

    Args:
        items: what both answered.
        champion: [n] its score of each.
        candidate: [n] its score of each.
    """
    conversations: dict[str, int] = {}
    at = [conversations.setdefault(item.conversation or f"\0{n}", len(conversations)) for n, item in enumerate(items)]
    sums = np.zeros(len(conversations))
    np.add.at(sums, at, np.asarray(candidate, np.float64) - np.asarray(champion, np.float64))
    binary = len(sums) == len(items) and all(score in (0.0, 1.0) for score in (*champion, *candidate))
    return Paired(sums, len(items), _mean(champion), _mean(candidate), binary)


def _mean(scores: Sequence[float]) -> float:
    return float(np.mean(scores)) if len(scores) else math.nan


def least_margin(n: int, alpha: float) -> float:
    """Return the harm that n items without any harm cannot exclude; 1 without items.

    >>> round(least_margin(100, 0.05), 4)
    0.0263
    """
    squared = float(norm.ppf(1 - alpha)) ** 2
    return squared / (n + squared)


def _p_larger(differences: NDArray[np.float64], least: float, seed: int, *, binary: bool) -> float:
    differing = differences[differences != 0]
    if not len(differing):
        return 1.0
    if binary:
        return float(binom.sf(int((differing > 0).sum()) - 1, len(differing), 0.5))
    return _by_signs(differing, min(_MOST_DRAWS, math.ceil(_DRAWS / least)), seed)


def _by_signs(differing: NDArray[np.float64], draws: int, seed: int) -> float:
    """Return the share of draws of all signs whose sum is as large; the observed one is among them."""
    generator, extreme, observed = np.random.default_rng(seed), 0, differing.sum() - 1e-12
    for start in range(0, draws, _BLOCK):
        flipped = generator.random((min(_BLOCK, draws - start), len(differing)), np.float32) < 0.5
        extreme += int((differing.sum() - 2 * (flipped @ differing) >= observed).sum())
    return (extreme + 1) / (draws + 1)
