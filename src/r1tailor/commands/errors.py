"""``r1tailor errors DOMAIN``: where and why an evaluated model is wrong, and what to annotate next."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import config, store
from r1tailor.commands.arguments import count
from r1tailor.confidential import confidential
from r1tailor.document_files import read_documents
from r1tailor.errors import DataError
from r1tailor.evaluation.evaluated_files import EvaluatedFiles, find
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.record_files import read_examples
from r1tailor.registry import open_registry
from r1tailor.schema.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress

    from r1tailor.evaluation.error_modes.run import Findings
    from r1tailor.inference import Answerer

_FILE, _TASKS = "errors.json", "tasks"
_TIMED = 2  # items whose time tells that of the others


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("errors", help="where and why a model is wrong, and what to annotate next")
    parser.add_argument("name", metavar="DOMAIN", help="a domain, a version, or the folder of a run")
    parser.add_argument(
        "--limit", type=count, default=30, help="errors and disagreements to explain, at most (default: 30)"
    )
    parser.add_argument("--metric", help="what calls an item right or wrong (default: that of the first goal)")
    parser.add_argument("--tasks", type=count, default=200, help="documents to annotate next, at most (default: 200)")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    registry = open_registry(config.ROOT)
    for note in registry.notes:
        print(f"registry: {note}", file=sys.stderr)
    files = find(parsed.name, registry, config.ROOT)
    composition = files.path("config.yaml")
    assert composition is not None, "`find` returns nothing without one"
    settings = config.load_params(composition)
    direct = (composition.parent / "run.json").is_file()
    run = RunFolder(composition.parent) if direct else pipeline_folder(settings)
    with confidential(settings, run.errors):
        found = _found(parsed, files, settings, run)
        shutil.rmtree(run.errors / _TASKS, ignore_errors=True)
        store.write_json(run.errors / _FILE, found.as_dict())
        from r1tailor.evaluation.error_modes.table import print_findings

        print_findings(found)
        _tasks(parsed.tasks, found, files, settings, run)
    print(f"errors: {_shown(run.errors / _FILE)}")


def _found(parsed: argparse.Namespace, files: EvaluatedFiles, settings: Settings, run: RunFolder) -> "Findings":
    from rich.progress import Progress

    from r1tailor.evaluation.error_modes.features import origin
    from r1tailor.evaluation.error_modes.run import Wanted, findings

    model, open_ = _model(parsed.name, files, settings) if parsed.limit else (_evaluated(files), None)
    documents = read_documents(run.annotated) if run.annotated.is_file() else ()
    origins = {document.id: origin(document) for document in documents}
    with Progress(transient=True) as bar:
        wanted = Wanted(open_ or _nothing, parsed.limit, parsed.metric, _told(bar))
        return findings(files, settings, origins, wanted, model)


def _told(bar: "Progress") -> Callable[[int, int], None]:
    """Return what shows the progress, and says once how long it will take where that is minutes."""
    task = bar.add_task("explaining errors", total=None, start=False)

    def tell(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)
        if done == 0:
            bar.start_task(task)  # the model is open
        minutes = (bar.tasks[task].elapsed or 0) / 60 / _TIMED * (of - done)
        if done == _TIMED and minutes >= 1:
            print(
                f"explaining {of} errors: about {minutes:.0f} min more. --limit explains fewer; when interrupted, the "
                "same command goes on where it was",
                file=sys.stderr,
            )

    return tell


def _nothing() -> "Answerer":
    raise AssertionError("without a limit no model is asked")


def _evaluated(files: EvaluatedFiles) -> str | None:
    """Return the hash of the manifest of the model that was evaluated; None where nothing recorded it."""
    record = files.path("evaluation/evaluated.json")
    return str(store.read_json(record)["model"]) if record else None


def _model(name: str, files: EvaluatedFiles, settings: Settings) -> "tuple[str, Callable[[], Answerer]]":
    """Return the hash of the evaluated model's manifest, and what opens it.

    Raises:
        DataError: the model that the name means is not the one that was evaluated.
    """
    from r1tailor import artifact
    from r1tailor.inference import locate

    found = locate(name, config.ROOT)
    sha256 = store.sha256_file(found.model / store.MANIFEST)
    if _evaluated(files) not in (None, sha256):
        raise DataError(f"{name}: {_shown(found.model)} is not the model that {files.name} evaluated. Evaluate again")

    def open_() -> "Answerer":
        from r1tailor.evaluation.compare_models import opened

        saved = artifact.read(found.model)
        return opened(settings, config.ROOT, saved, saved.precision)

    return sha256, open_


def _tasks(most: int, found: "Findings", files: EvaluatedFiles, settings: Settings, run: RunFolder) -> None:
    """Write the next round's tasks from the modes that are shown; say where there is none, and why."""
    from r1tailor.evaluation.error_modes import next_round
    from r1tailor.evaluation.error_modes.run import documents_of

    own = settings.domain.annotation
    if not found.shown or not most:
        return
    if own is None or not run.annotated.is_file():
        why = "domain.annotation is null" if own is None else f"{_shown(run.annotated)} does not exist"
        print(f"tasks: none; {why}")
        return
    held_out = {
        id_
        for part in ("validation", "test")
        if (path := files.path(f"data/{part}.jsonl"))
        for example in read_examples(path)
        for id_ in documents_of(example)
    }
    documents = read_documents(run.annotated)
    made, written = next_round.write(run.errors / _TASKS, own, found.shown, found.features, documents, held_out, most)
    print(f"tasks: {made} documents: {', '.join(map(_shown, written)) or 'no other document is of these modes'}")


def _shown(path: Path) -> str:
    return (path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path).as_posix()
