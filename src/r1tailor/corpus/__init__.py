"""Documents become clean: the chain of steps that a domain asks for, run by ``corpus/engine.py``."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from r1tailor.corpus import clean, terms, vocabularies
from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.privacy import key, references
from r1tailor.corpus.privacy.deidentify import Deidentifier
from r1tailor.errors import DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.corpus import Cleaning, Terms
from r1tailor.schema.sources import Source


def chain(cleaning: Cleaning, root: Path, sources: Iterable[Source] = ()) -> Sequence[Step]:
    """Return the steps that documents go through, in order: ids, cleaning rules, personal identifiers, terms.

    Args:
        cleaning: what a domain asks for.
        root: the project's root, for the vocabularies' paths.
        sources: where the documents come from; privacy lets published ids stand.

    Raises:
        ConfigError: privacy needs a secret key and there is none.
        DataError: a vocabulary cannot be read.
    """
    steps = [clean.step(cleaning.rules)]
    if cleaning.privacy:
        sources, secret = tuple(sources), key.read(cleaning.privacy, root)
        treated = Deidentifier(cleaning.privacy, secret, references.published(sources)).step()
        steps = [references.step(cleaning.privacy, secret, sources), _without_samples(steps[0]), treated]
    if cleaning.terms:
        steps.append(terms.step(terms.Standardiser.of(_vocabulary(cleaning.terms, root), cleaning.terms)))
    return steps


def _without_samples(step: Step) -> Step:
    """Return a step whose notes show nothing of the text: personal identifiers still stand in it."""

    def silent(document: Document) -> tuple[Document, list[Note]]:
        after, notes = step(document)
        return after, [replace(note, sample=None) for note in notes]

    return silent


def _vocabulary(settings: Terms, root: Path) -> list[vocabularies.Entry]:
    rejected: list[Rejection] = []
    entries = vocabularies.read(settings, root, rejected)
    if not entries:
        raise DataError(f"the vocabularies hold no term; {len(rejected):,} rows were rejected (domain.cleaning.terms)")
    return entries
