"""Ask any model: answers, likelihoods, rankings over a closed set.

``open`` finds a model by its name and returns an ``Answerer``; whatever asks a model (evaluation, ``r1tailor ask``,
``r1tailor.load``) goes through one. torch is imported when a model is opened, not before.
"""

from pathlib import Path

from r1tailor import artifact, config, store
from r1tailor.artifact import Artifact
from r1tailor.errors import CheckpointError, UserError
from r1tailor.inference.answerer import Answer, Answerer, Likelihood, Prompt
from r1tailor.inference.locate import Located, locate
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.schema.settings import Settings

__all__ = [
    "GREEDY",
    "Answer",
    "Answerer",
    "Likelihood",
    "Located",
    "Prompt",
    "Sampling",
    "locate",
    "open",
    "open_artifact",
    "open_located",
    "refuse_words",
]

BASE = "base"


def open(what: str | Path, settings: Settings | None = None, root: Path = config.ROOT) -> Answerer:
    """Return the model that a name means.

    Args:
        what: a model's, version's or run's folder, a version, a domain (see ``locate``), or ``base``.
        settings: the composition whose base model ``base`` is; else in the place of the one found with the model.
        root: the project's root.

    Raises:
        UserError: there is no such model, or it cannot be loaded.
    """
    if what == BASE:
        if settings is None:
            raise UserError("base: of which composition? Give its settings")
        from r1tailor.inference.local import open_base

        return open_base(settings, root)
    return open_located(locate(what, root), settings, root)


def refuse_words(found: Located) -> None:
    """Refuse questions in words to a model that reads windows of figures, and would answer from nothing.

    Raises:
        UserError: it reads windows; says how it is asked.
    """
    if artifact.read(found.model).temporal:
        raise UserError(
            f"{found.name} reads windows of figures, and a question in words has none: --today, or --asof with a date, "
            "asks of the figures as they were known then (r1tailor ask)"
        )


def open_located(found: Located, settings: Settings | None = None, root: Path = config.ROOT) -> Answerer:
    """Return a model that was found.

    Raises:
        UserError: it cannot be loaded.
    """
    saved = artifact.read(found.model)
    if found.parent and saved.parent != store.sha256_file(found.parent / store.MANIFEST):
        raise CheckpointError(f"{found.model} was made of another model than {found.parent}; make it again")
    return open_artifact(saved, settings or found.settings, root)


def open_artifact(saved: Artifact, settings: Settings, root: Path = config.ROOT) -> Answerer:
    """Return a saved model of any kind, with the composition that it was trained with.

    Raises:
        UserError: it cannot be loaded.
    """
    if saved.kind == "gguf":
        from r1tailor.inference.gguf_answerer import open_gguf

        return open_gguf(saved, settings, root)
    from r1tailor.inference.local import open_tuned  # torch is imported only once the model is known to be sound

    return open_tuned(saved, settings, root)
