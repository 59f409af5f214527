"""The teacher that ``objective.teacher`` names: found without its weights, compared with the student, opened."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from r1tailor import artifact, inference
from r1tailor.errors import PreflightError
from r1tailor.inference import Answerer, Located
from r1tailor.inference.endpoint import EndpointAnswerer
from r1tailor.model import load
from r1tailor.model.origin import base_of
from r1tailor.schema.model import RandomModel
from r1tailor.schema.objective import Distillation, RemoteTeacher, Supervised
from r1tailor.schema.settings import Settings
from r1tailor.sources.permissions import refuse_passing_on


@dataclass(frozen=True)
class Teacher:
    """A model that is asked about training examples.

    Attributes:
        name: as it is reported: the id of a version, a folder, or ``base``.
        sha256: of its artifact's manifest, or of the base model.
        settings: the composition that it answers with.
        soft_tokens: as how many it reads a window of numbers; 0 leaves windows out.
        found: where it lies; None for the base model and for an endpoint.
        endpoint: the server that is asked; None for a model on this machine.
    """

    name: str
    sha256: str
    settings: Settings
    soft_tokens: int
    found: Located | None
    endpoint: RemoteTeacher | None = None

    def opened(self, root: Path) -> Answerer:
        """Load it.

        Raises:
            UserError: it cannot be loaded.
        """
        if self.endpoint:
            return EndpointAnswerer(self.endpoint, self.settings.domain.task.instruction)
        if self.found is None:
            return inference.open(inference.BASE, self.settings, root)
        return inference.open_located(self.found, self.settings, root)


def find_teacher(settings: Settings, root: Path) -> Teacher:
    """Return the teacher of a composition.

    ``base`` is the composition's base model: as a teacher with all of its layers, also where the student keeps some of
    them; as the reference of pairs it is the model that training starts from.

    Raises:
        UserError: there is no such model, or its files are damaged.
    """
    wanted = settings.objective
    assert not isinstance(wanted, Supervised)
    name, teaches = wanted.asked, isinstance(wanted, Distillation)
    if isinstance(wanted, Distillation) and wanted.endpoint:
        return _behind_url(wanted.endpoint, settings)
    if name != inference.BASE:
        found = inference.locate(name, root)
        saved = artifact.read(found.model)
        soft_tokens = found.settings.temporal.tokens if saved.temporal else 0
        return Teacher(found.name, saved.sha256, found.settings, soft_tokens, found)
    model = settings.model.whole() if teaches and not isinstance(settings.model, RandomModel) else settings.model
    whole = settings.model_copy(update={"model": model})
    return Teacher(name, base_of(model, root, settings.seed).sha256, whole, 0, None)


def _behind_url(endpoint: RemoteTeacher, settings: Settings) -> Teacher:
    """Return the teacher behind a URL, once it is known that it may be asked.

    Raises:
        UserError: the key is missing, or the sources may not be passed on.
    """
    if endpoint.audience == "anyone" and not endpoint.is_loopback:
        refuse_passing_on(
            f"what would be sent to {endpoint.url}",
            settings.domain.sources,
            "choose a teacher on this machine, or, where only people who may see these sources run the server, "
            "objective.endpoint.audience=organisation",
        )
    EndpointAnswerer(endpoint, "")  # refuses a missing key
    asked = hashlib.sha256(f"{endpoint.url} {endpoint.model}".encode()).hexdigest()
    return Teacher(f"{endpoint.model} at {endpoint.url}", asked, settings, 0, None, endpoint)


def refuse_other_tokens(teacher: Teacher, settings: Settings, root: Path) -> None:
    """Refuse a teacher, or a reference, that is asked about the student's tokens and has others; no weights are read.

    Raises:
        PreflightError: its tokenizer or the size of its vocabulary is another one, or it reads less than the student.
    """
    teaches = isinstance(settings.objective, Distillation)
    asked = f"objective.{'teacher' if teaches else 'reference'} = {teacher.name} (model {teacher.settings.model.name})"
    texts = f"texts can: objective=distillation_sequences objective.teacher={teacher.name}"
    instead = f"Probabilities of tokens cannot be compared; {texts if teaches else 'choose objective.reference=base'}"
    own, theirs = (load.load_tokenizer(one.model, root) for one in (settings, teacher.settings))
    if own.sha256 != theirs.sha256:
        raise PreflightError(f"{asked} has another tokenizer than the student's model {settings.model.name}. {instead}")
    sizes = [load.load_config(one.model, root).vocab_size for one in (settings, teacher.settings)]
    if sizes[0] != sizes[1]:
        raise PreflightError(
            f"{asked} has a vocabulary of {sizes[1]:,} tokens, the student's model {settings.model.name} one of "
            f"{sizes[0]:,}. {instead}"
        )
    if settings.trainer.max_length > teacher.settings.model.context_length:
        raise PreflightError(
            f"{asked} reads {teacher.settings.model.context_length:,} tokens; the student trains on up to "
            f"trainer.max_length = {settings.trainer.max_length:,}"
        )
