"""A form against the model that it was made of, on the held-out items that the model was evaluated on."""

from pathlib import Path
from typing import Any

from r1tailor import artifact, store
from r1tailor.config import ROOT
from r1tailor.domain import open_domain
from r1tailor.errors import UserError
from r1tailor.evaluation.compare_models import TUNED, Subject, compared_with, held_out
from r1tailor.evaluation.non_inferiority import in_words, verdict
from r1tailor.inference.locate import Located
from r1tailor.layout import RunFolder
from r1tailor.planning.lengths import fitting
from r1tailor.records import read_documents, read_examples


def judge(form: str, found: Located, folder: Path, root: Path = ROOT) -> str:
    """Measure a form and its parent on the same items; record the verdict in the form's manifest and return it.

    Args:
        form: its name.
        found: the model that it was made of.
        folder: of the form.
        root: the project's root.

    Raises:
        UserError: the test items, or the documents that the domain scores by, are not here.
    """
    settings = found.settings
    test = next((path for path in (report.with_name("test.jsonl") for report in found.reports) if path.is_file()), None)
    places = [path.parent.parent for path in found.reports] + [root / "outputs" / settings.domain.name]
    documents = next((path for path in (RunFolder(place).annotated for place in places) if path.is_file()), None)
    if test is None or documents is None:
        missing = "test items" if test is None else f"documents of domain {settings.domain.name}"
        raise UserError(f"--evaluate: the {missing} of {found.name} are not here; run dvc repro, or dvc pull")
    domain = open_domain(settings.domain, list(read_documents(documents)))
    items = held_out(settings, fitting(settings, root, read_examples(test)))
    subjects = [Subject(TUNED, found.model), Subject(form, folder, reference=TUNED)]
    metrics: dict[str, Any] = compared_with(settings, domain, items, root, subjects)
    judged = verdict(settings, metrics, form)
    measured = {name: metrics["models"][name] for name in (TUNED, form)}
    artifact.amend(folder, {"verdict": judged, "measured": measured, "items": store.sha256_file(test)})
    return in_words(form, judged)
