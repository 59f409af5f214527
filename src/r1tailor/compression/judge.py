"""A form against the model that it was made of, on the held-out items that the model was evaluated on."""

from pathlib import Path
from typing import Any

from r1tailor import artifact, store
from r1tailor.config import ROOT
from r1tailor.document_files import read_documents
from r1tailor.domain import open_domain
from r1tailor.errors import UserError
from r1tailor.evaluation.compare_models import TUNED, Subject, compared_with, held_out
from r1tailor.evaluation.non_inferiority import in_words, verdict
from r1tailor.inference.locate import Located
from r1tailor.layout import RunFolder
from r1tailor.planning.lengths import fitting
from r1tailor.record_files import read_examples


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
    test, documents = judged_by(found, root)
    domain = open_domain(settings.domain, list(read_documents(documents)))
    items = held_out(settings, fitting(settings, root, read_examples(test)))
    subjects = [Subject(TUNED, found.model), Subject(form, folder, reference=TUNED)]
    metrics: dict[str, Any] = compared_with(settings, domain, items, root, subjects)
    judged = verdict(settings, metrics, form)
    measured = {name: metrics["models"][name] for name in (TUNED, form)}
    artifact.amend(folder, {"verdict": judged, "measured": measured, "items": store.sha256_file(test)})
    return in_words(form, judged)


def judged_by(found: Located, root: Path = ROOT) -> tuple[Path, Path]:
    """Return the held-out items of a model, and the documents that its domain scores by.

    A version holds no documents: they are those of its own run, of the pipeline, or of a direct run, where the held-out
    items are the same.

    Raises:
        UserError: they are not here.
    """
    name = found.settings.domain.name
    test = next((path for path in (report.with_name("test.jsonl") for report in found.reports) if path.is_file()), None)
    if test is None:
        raise UserError(f"--evaluate: the test items of {found.name} are not here; run dvc repro, or dvc pull")
    outputs = root / "outputs"
    places = [path.parent.parent for path in found.reports] + [outputs / name, *sorted(outputs.glob("runs/*"))]
    for run in map(RunFolder, places):
        own = run.examples / test.name
        if run.annotated.is_file() and own.is_file() and store.sha256_file(own) == store.sha256_file(test):
            return test, run.annotated
    raise UserError(
        f"--evaluate: no folder of outputs/ holds the documents of domain {name} with the test items of {found.name}; "
        "run dvc repro, or dvc pull"
    )
