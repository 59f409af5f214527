"""One function for each stage of ``dvc.yaml``, in the same order: the whole way, told once.

The pipeline writes below ``outputs/<domain>``, a direct run below a folder of its own; the functions are the
same. torch is imported by the stages that need it, when they run.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from r1tailor import __version__, annotation, config, sources, store
from r1tailor.annotation.schemes import opened
from r1tailor.annotation.tasks import write_tasks
from r1tailor.corpus import chain, engine
from r1tailor.corpus.deduplicate import deduplicate
from r1tailor.corpus.engine import Report
from r1tailor.corpus.privacy.gate import gate
from r1tailor.corpus.progress import shown
from r1tailor.domain import open_domain
from r1tailor.errors import ConfigError, DataError
from r1tailor.instruction.build import build
from r1tailor.instruction.split import PARTS
from r1tailor.model.local import local_folder
from r1tailor.records import (
    Document,
    Example,
    Rejection,
    count_documents,
    read_documents,
    read_examples,
    write_documents,
    write_records,
)
from r1tailor.registry import Registry, Version
from r1tailor.schema import LocalModel, PackagedSource, Settings, Source


@dataclass(frozen=True)
class RunFolder:
    """Where the stages of one run (or of the pipeline of one domain) read and write."""

    path: Path

    @property
    def collected(self) -> Path:
        """Raw documents."""
        return self.path / "collect" / "documents.parquet"

    @property
    def provenance(self) -> Path:
        """Where the documents came from."""
        return self.path / "collect" / "provenance.json"

    @property
    def cleaned(self) -> Path:
        """Clean documents."""
        return self.path / "clean" / "documents.parquet"

    @property
    def annotated(self) -> Path:
        """Clean documents with the gold labels of those that people labelled."""
        return self.path / "annotate" / "documents.parquet"

    @property
    def examples(self) -> Path:
        """Folder of the example files."""
        return self.path / "instruct"

    @property
    def trained(self) -> Path:
        """Folder of model, training metrics and plots."""
        return self.path / "train"

    @property
    def evaluation(self) -> Path:
        """Folder of metrics, predictions and report."""
        return self.path / "evaluation"

    @property
    def version(self) -> Path:
        """The registered version."""
        return self.path / "register" / "version.json"


def pipeline_folder(settings: Settings) -> RunFolder:
    """Return where ``dvc repro`` writes for a domain."""
    return RunFolder(config.ROOT / "outputs" / settings.domain.name)


def collect(settings: Settings, run: RunFolder) -> None:
    """Raw material -> documents and their provenance."""
    provenance: list[dict[str, Any]] = []
    found = (document for source in settings.domain.sources for document in _gathered(source, provenance))
    run.collected.parent.mkdir(parents=True, exist_ok=True)
    count = write_documents(run.collected, shown(found, "collecting"))
    store.write_json(run.provenance, provenance)
    print(f"collect: {count:,} documents from {', '.join(source.name for source in settings.domain.sources)}")


def _gathered(source: Source, provenance: list[dict[str, Any]]) -> Iterator[Document]:
    """Yield the documents of one source, then add to the provenance where they came from."""
    rejected: list[Rejection] = []
    files, count, last, alone = hashlib.sha256(), 0, "", True
    for count, document in enumerate(sources.read(source, config.ROOT, rejected), start=1):
        if document.sha256 != last:
            alone, last = count == 1, document.sha256
            files.update(last.encode())
        yield document
    facts = source.model_dump(mode="json") | {"documents": count, "rejected": [asdict(one) for one in rejected]}
    if not isinstance(source, PackagedSource):
        facts["sha256"] = last if alone else files.hexdigest()  # of the raw file, or of the hashes of several
    provenance.append(facts)


def check(settings: Settings, run: RunFolder) -> None:
    """No stage of the pipeline: a direct run refuses here what cannot be trained, before the long way to examples.

    It comes after ``collect``, for faults of raw material are found within a second and this takes torch's import.
    """
    if isinstance(settings.model, LocalModel):
        local_folder(settings.model, config.ROOT)
    from r1tailor.training.preflight import refuse_early

    refuse_early(settings, config.ROOT)


def clean(settings: Settings, run: RunFolder) -> None:
    """Documents -> clean documents, a report of every change, and the list of documents that repeat another."""
    cleaning, report = settings.domain.cleaning, Report(settings.domain.cleaning.rules)
    documents = engine.run(run.collected, partial(chain, cleaning, config.ROOT), settings.corpus, report)
    run.cleaned.parent.mkdir(parents=True, exist_ok=True)
    write_documents(run.cleaned, shown(documents, "cleaning", count_documents(run.collected)))
    told = report.as_dict()
    if cleaning.duplicates:
        told["duplicates"] = deduplicate(run.cleaned, run.cleaned, cleaning.duplicates)
    told["compliance"] = gate(read_documents(run.cleaned), cleaning.privacy, settings.domain.compliance)
    store.write_json(run.cleaned.with_name("report.json"), told)
    print(f"clean: {sum(report.changed.values()):,} changes in {report.documents:,} documents")


def annotation_tasks(settings: Settings, limit: int, folder: Path) -> list[Path]:
    """No stage of the pipeline: write the first round of annotation tasks from clean documents; return the files.

    Raises:
        ConfigError: the domain asks for no annotation.
    """
    own = settings.domain.annotation
    if own is None:
        raise ConfigError(["domain.annotation = null: name a scheme there (see conf/domain/medical.yaml)"])
    documents = list(islice(read_documents(pipeline_folder(settings).cleaned), limit))
    return write_tasks(folder, own.exports, opened(own.scheme), documents)


def annotate(settings: Settings, run: RunFolder) -> None:
    """Clean documents + people's annotations -> documents with gold labels; stops where people agree too little."""
    own, folder = settings.domain.annotation, run.annotated.parent
    folder.mkdir(parents=True, exist_ok=True)
    if own is None:
        shutil.copyfile(run.cleaned, run.annotated)
        print("annotate: domain.annotation is null, documents pass through")
        return
    gold = annotation.annotate(read_documents(run.cleaned), own, config.ROOT, settings.seed)
    annotation.settle(gold, own, folder)
    write_documents(run.annotated, gold.documents)
    print(f"annotate: {gold.summary}")


def instruct(settings: Settings, run: RunFolder) -> None:
    """Documents with gold labels -> train, validation and test examples."""
    built = build(open_domain(settings.domain, list(read_documents(run.annotated))), settings.seed)
    run.examples.mkdir(parents=True, exist_ok=True)
    for name, members in built.parts.items():
        write_records(run.examples / f"{name}.jsonl", members)
    store.write_json(run.examples / "report.json", built.report)
    counts = ", ".join(f"{len(members):,} {name}" for name, members in built.parts.items())
    print(f"instruct: {counts} examples")


def train(settings: Settings, run: RunFolder) -> None:
    """Examples + base model -> tuned model, training metrics, curves; in several processes if there are devices."""
    from r1tailor.training import parallel
    from r1tailor.training.fit import fit
    from r1tailor.training.precision import with_precision
    from r1tailor.training.preflight import preflight

    parts = _parts(run)
    if parallel.is_launched():
        fit(settings, parts, _hashes(run), config.ROOT, run.trained)
        return
    with store.held(run.trained):
        if settings.trainer.devices > 1:
            preflight(with_precision(settings, run.trained), config.ROOT, run.trained, len(parts["train"]))
            where = [] if run == pipeline_folder(settings) else [str(run.path)]
            parallel.launch(settings.trainer, ["train", *where])
            metrics = store.read_json(run.trained / "metrics.json")
        else:
            metrics = fit(settings, parts, _hashes(run), config.ROOT, run.trained)
    print(
        f"train: {metrics['steps']} steps, {metrics['examples_seen']:,} examples at "
        f"{metrics['examples_per_second']:.1f} examples/s, best validation loss {metrics['best_validation_loss']}"
    )


def evaluate(settings: Settings, run: RunFolder) -> None:
    """Test examples, base and tuned model -> metrics with intervals, predictions, report."""
    from r1tailor.evaluation import report
    from r1tailor.evaluation.gate import verdicts
    from r1tailor.evaluation.measure import evaluate as measure

    domain = open_domain(settings.domain, list(read_documents(run.annotated)))
    parts = _parts(run)
    metrics = measure(settings, domain, parts, config.ROOT, run.trained / "model", run.evaluation)
    report.write_plot(metrics, run.evaluation / "plots" / "metrics.csv")
    judged = verdicts(settings.domain.goals, metrics)
    facts = {
        "provenance": store.read_json(run.provenance),
        "cleaning": store.read_json(run.cleaned.with_name("report.json")),
        "examples": store.read_json(run.examples / "report.json"),
        "training": store.read_json(run.trained / "metrics.json"),
        "code": code_version(),
        "model": store.sha256_file(run.trained / "model" / store.MANIFEST),
    }
    page = report.page(settings, metrics, judged, facts, parts["test"], run.trained, run.evaluation)
    store.write_text(run.evaluation / "report.html", page)
    report.print_table(settings, metrics, judged)


def register(settings: Settings, run: RunFolder) -> Version:
    """Everything above -> a version in the registry."""
    from r1tailor.evaluation.gate import verdicts

    metrics_file = run.evaluation / "metrics.json"
    if not metrics_file.exists():
        raise DataError(f"{metrics_file} does not exist. Run the stage before: dvc repro, or python train.py")
    metrics = store.read_json(metrics_file)
    missed = [str(verdict) for verdict in verdicts(settings.domain.goals, metrics) if not verdict.met]
    settings_file = run.version.with_name("config.yaml")
    store.write_text(settings_file, config.as_yaml(settings))
    parts = {
        "model": run.trained / "model",
        "data": run.examples,
        "evaluation": run.evaluation,
        "config.yaml": settings_file,
        "provenance.json": run.provenance,
    }
    version = registry().register(settings.domain.name, parts, metrics, missed)
    store.write_json(run.version, {"version": version.id, "files": version.files, "missed_goals": missed})
    print(f"register: {version.id}" + (f" (misses its goals: {'; '.join(missed)})" if missed else " (meets its goals)"))
    return version


STAGES: dict[str, Callable[[Settings, RunFolder], Any]] = {
    stage.__name__: stage for stage in (collect, clean, annotate, instruct, train, evaluate, register)
}


def registry() -> Registry:
    """Return the project's registry."""
    return Registry(config.ROOT / "outputs" / "registry")


def code_version() -> str:
    """Return the package version and, in a git checkout, the commit (marked if it has local changes)."""
    command = ["git", "-C", str(config.ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{__version__} ({commit})"


def _parts(run: RunFolder) -> dict[str, list[Example]]:
    return {name: read_examples(run.examples / f"{name}.jsonl") for name in PARTS}


def _hashes(run: RunFolder) -> dict[str, str]:
    raw = {str(source["name"]): str(source["sha256"]) for source in json.loads(run.provenance.read_text("utf-8"))}
    return raw | {f"{name}.jsonl": store.sha256_file(run.examples / f"{name}.jsonl") for name in PARTS}
