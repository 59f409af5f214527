"""Documents become clean: the chain of steps that a domain asks for, run by ``corpus/engine.py``."""

from collections.abc import Sequence

from r1tailor.corpus import clean
from r1tailor.corpus.base import Step
from r1tailor.schema import Cleaning


def chain(cleaning: Cleaning) -> Sequence[Step]:
    """Return the steps that documents go through, in order."""
    return [clean.step(cleaning.rules)]
