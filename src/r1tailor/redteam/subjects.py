"""What is attacked: the subjects of an evaluation, or any model by its name or its URL."""

from functools import partial
from pathlib import Path

from r1tailor import artifact
from r1tailor.evaluation.compare_models import BASE, Subject, base_and_tuned, forms, opened
from r1tailor.inference import Answerer, Located
from r1tailor.inference.endpoint import EndpointAnswerer
from r1tailor.redteam.resumed import Resumed
from r1tailor.redteam.run import Target
from r1tailor.schema.objective import RemoteTeacher
from r1tailor.schema.settings import Settings


def targets(settings: Settings, model: Path, compressed: Path, root: Path) -> list[Target]:
    """Return the subjects of an evaluation: base, tuned compared with it, and forms compared with the tuned one."""
    tuned = artifact.read(model)
    return [
        _target(settings, one, tuned.precision, root) for one in (*base_and_tuned(model), *forms(settings, compressed))
    ]


def located(name: str, found: Located, root: Path, reference: str = "") -> Target:
    """Return a saved model as a target."""
    saved = artifact.read(found.model)
    return Target(name, partial(opened, found.settings, root, saved, saved.precision), reference)


def base_of(found: Located, root: Path) -> Target:
    """Return the base model of a saved one as a target, in the precision of the saved one."""
    return Target(BASE, partial(opened, found.settings, root, None, artifact.read(found.model).precision))


def behind_url(name: str, endpoint: RemoteTeacher, settings: Settings, folder: Path, reference: str = "") -> Target:
    """Return the model behind a URL as a target; what it answered is kept in a folder until it is finished.

    Raises:
        ConfigError: the key of the URL is missing, or may not be sent there.
    """
    answerer = EndpointAnswerer(endpoint, settings.domain.task.instruction)
    return Target(name, lambda: Resumed(answerer, folder, f"{endpoint.url} {endpoint.model}"), reference)


def _target(settings: Settings, subject: Subject, precision: str, root: Path) -> Target:
    def open_() -> Answerer:
        saved = artifact.read(subject.model) if subject.model else None
        return opened(settings, root, saved, saved.precision if saved else precision)

    return Target(subject.name, open_, subject.reference)
