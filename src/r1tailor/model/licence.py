"""Terms that a model's user has to accept, and the notice of them that goes with what is made from its weights."""

import shutil
from pathlib import Path

from r1tailor import store
from r1tailor.errors import ModelUnavailableError
from r1tailor.schema.model import HubModel, LocalModel, PackagedModel, RandomModel

NOTICE = "NOTICE"


def refuse_unaccepted(settings: PackagedModel | HubModel | LocalModel | RandomModel) -> None:
    """Refuse a model whose terms have not been accepted.

    Raises:
        ModelUnavailableError: shows where the terms are, and the setting that accepts them.
    """
    if settings.terms and not settings.accept_licence:
        raise ModelUnavailableError(
            f"model {settings.name} is under the {settings.licence}. Read them ({settings.terms}); if you accept them, "
            "set model.accept_licence=true; another model: model=smollm2"
        )


def write_notice(settings: PackagedModel | HubModel | LocalModel | RandomModel, folder: Path) -> None:
    """Write the notice that must go with a model made from weights under such terms; without terms, nothing."""
    if settings.terms:
        address = settings.terms.removeprefix("https://")
        text = f"{settings.name} is provided under and subject to the {settings.licence} found at {address}\n"
        store.write_text(folder / NOTICE, text)


def copy_notice(of: Path, folder: Path) -> None:
    """Copy the notice of a saved model to a form made of it, where there is one."""
    if (notice := of / NOTICE).is_file():
        shutil.copyfile(notice, folder / NOTICE)
