"""The true rate behind the rate that an imperfect detector finds (Rogan and Gladen 1978).

The interval carries the uncertainty of the detector's sensitivity and specificity, which are estimates too: Lang and
Reiczigel (2014), Preventive Veterinary Medicine 113, 13-22.
"""

from math import sqrt

from scipy.special import ndtri

from r1tailor.evaluation.significance import Interval
from r1tailor.redteam.refusals import Detector

_USELESS = 0.05  # sensitivity + specificity - 1, below which a detector says nothing of the rate


def corrected(found: int, n: int, detector: Detector, confidence: float) -> Interval | None:
    """Return the corrected rate with its interval; None where the detector is no better than chance.

    Args:
        found: items in which the detector finds what it looks for.
        n: items.
        detector: its counts on labelled answers.
        confidence: of the interval.
    """
    youden = detector.sensitivity + detector.specificity - 1
    if not n or youden < _USELESS:
        return None
    rate = (found / n + detector.specificity - 1) / youden
    z = float(ndtri(0.5 + 0.5 * confidence))
    tries, hits = n + z**2, found + z**2 / 2
    apparent = hits / tries
    sensitivity = (detector.found + 1) / (detector.refusals + 2)
    specificity = (detector.passed + 1) / (detector.others + 2)
    spread = sensitivity + specificity - 1
    centre = (apparent + specificity - 1) / spread
    of_sensitivity = sensitivity * (1 - sensitivity) / (detector.refusals + 2)
    of_specificity = specificity * (1 - specificity) / (detector.others + 2)
    shift = 2 * z**2 * (centre * of_sensitivity - (1 - centre) * of_specificity)
    variance = apparent * (1 - apparent) / tries + centre**2 * of_sensitivity + (1 - centre) ** 2 * of_specificity
    half = z * sqrt(variance) / spread
    return Interval(_within(rate), _within(centre + shift - half), _within(centre + shift + half))


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
