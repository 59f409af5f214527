"""Documents -> clean documents, and what was changed in them."""

from functools import partial
from pathlib import Path
from typing import Any

from r1tailor.corpus import chain, engine
from r1tailor.corpus.deduplicate import deduplicate
from r1tailor.corpus.engine import Report
from r1tailor.corpus.privacy.gate import gate
from r1tailor.corpus.progress import shown
from r1tailor.document_files import count_documents, read_documents, write_documents
from r1tailor.schema.settings import Settings


def write_cleaned(settings: Settings, collected: Path, path: Path, root: Path) -> dict[str, Any]:
    """Write clean documents to a file and let the gate look at it; return what rules, duplicates and gate tell.

    Args:
        settings: the composition.
        collected: the documents.
        path: of the clean ones.
        root: the project's root.

    Raises:
        ConfigError: the domain has privacy and no secret key.
        DataError: the gate refuses the documents, or a vocabulary cannot be read.
    """
    cleaning, report = settings.domain.cleaning, Report(settings.domain.cleaning.rules)
    documents = engine.run(
        collected, partial(chain, cleaning, root, settings.domain.every_source), settings.corpus, report
    )
    write_documents(path, shown(documents, "cleaning", count_documents(collected)))
    told = report.as_dict()
    if cleaning.duplicates:
        told["duplicates"] = deduplicate(path, path, cleaning.duplicates)
    domain = settings.domain.model_copy(update={"sources": settings.domain.every_source})
    return told | {"compliance": gate(read_documents(path), domain)}
