"""Raw material -> examples."""

import shutil
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from r1tailor import annotation, bounded, config, sources, store
from r1tailor.annotation.schemes import opened
from r1tailor.annotation.tasks import write_tasks
from r1tailor.annotation.veil import Veil
from r1tailor.corpus.cleaned import write_cleaned
from r1tailor.corpus.privacy import key as privacy_key
from r1tailor.corpus.privacy import references
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.corpus.progress import shown
from r1tailor.document_files import read_documents, write_documents
from r1tailor.domain import declaration, open_domain
from r1tailor.errors import ConfigError
from r1tailor.inputs import sweep, write_inputs
from r1tailor.instruction.build import build, entered
from r1tailor.instruction.removed import in_words
from r1tailor.layout import PARTS, RunFolder, pipeline_folder
from r1tailor.model.licence import refuse_unaccepted
from r1tailor.model.local import local_folder
from r1tailor.record_files import write_records
from r1tailor.schema.annotation import Annotation
from r1tailor.schema.model import LocalModel
from r1tailor.schema.objective import Supervised
from r1tailor.schema.settings import Settings
from r1tailor.sources.provenance import gathered
from r1tailor.stage_outputs import sealed

T = TypeVar("T")

REPORT = "report.json"  # of a stage, next to what it writes


def inputs(settings: Settings, run: RunFolder) -> None:
    """Files that settings name, modules that stages import -> their hashes, one JSON for each stage.

    Raises:
        ConfigError: the domain has privacy and no secret key, or a finder that is not installed.
        DataError: a file cannot be read.
    """
    refuse_early(settings)
    for line in write_inputs(settings, config.ROOT, run.inputs):
        print(f"inputs: {line}")
    sweep(run.variants, settings.evaluation.variants, "variants.json")
    sweep(run.compressed, settings.compression.forms, "forms.json")


def collect(settings: Settings, run: RunFolder, most: int | None = None) -> None:
    """Raw material -> documents and their provenance.

    Args:
        settings: the composition.
        run: where to write.
        most: documents of each source, where a trial reads the first ones; None reads all.

    Raises:
        ConfigError: the domain has privacy and no secret key, or a finder that is not installed.
        ModelUnavailableError: the model's terms have not been accepted.
    """
    refuse_early(settings)
    with sealed(settings, run, "collect"):
        count, provenance = _in_worker(partial(_collected, settings, run, most), settings, resumes=True)
        store.write_json(run.provenance, provenance)
    for source in provenance:
        for finding in source.get("findings", ()):
            print(f"collect: {source['name']}: {finding}")
    print(f"collect: {count:,} documents from {', '.join(source.name for source in settings.domain.every_source)}")


def refuse_early(settings: Settings) -> None:
    """Refuse, before anything is read, a missing key, finder or tracker, and terms that were not accepted.

    Raises:
        ConfigError: names the variable, the finder, or what to install.
        ModelUnavailableError: names the terms and the setting that accepts them.
    """
    refuse_unaccepted(settings.model)
    if fault := settings.logger.missing():
        raise ConfigError([fault])
    if privacy := settings.domain.cleaning.privacy:
        privacy_key.read(privacy, config.ROOT)
        plugged_in(privacy.finders)


def _in_worker(work: Callable[[], T], settings: Settings, *, resumes: bool = False) -> T:
    """Return what work on material of others returns, with ``corpus.limits`` (see ``bounded.run``)."""
    pa.array([])  # this imports pandas, once in this process and not again in each worker
    return bounded.run(work, settings.corpus.limits, resumes=resumes)


def _collected(settings: Settings, run: RunFolder, most: int | None) -> tuple[int, list[dict[str, Any]]]:
    """Write the documents of all sources; return how many, and their provenance."""
    sources.refuse_not_fetched(settings.domain, config.ROOT)
    provenance: list[dict[str, Any]] = []
    readers = declaration(settings.domain.kind).readers
    told = references.teller(settings.domain.cleaning.privacy, config.ROOT)
    found = (
        document
        for source in settings.domain.every_source
        for document in gathered(source, config.ROOT, readers, provenance, told, most)
    )
    return write_documents(run.collected, shown(found, "collecting")), provenance


def check(settings: Settings, run: RunFolder) -> None:
    """No stage of the pipeline: a direct run refuses here what cannot be trained, before examples are made.

    It comes after ``collect``: faults of raw material are found within a second, and this imports torch.
    """
    if isinstance(settings.model, LocalModel):
        local_folder(settings.model, config.ROOT)
    from r1tailor.planning import preflight

    preflight.refuse_early(settings, config.ROOT)
    if settings.logger.target:
        from r1tailor.training.loggers import logger_class

        logger_class(settings.logger)
    if not isinstance(settings.objective, Supervised):
        from r1tailor.teaching.lessons import refuse_teacher

        refuse_teacher(settings, config.ROOT)


def clean(settings: Settings, run: RunFolder) -> None:
    """Documents -> clean documents, a report of every change, and the list of documents that repeat another.

    Clean documents appear once the gate has passed: what a refused run leaves holds none, not even those of the run
    before.
    """
    told_in, unchecked = run.cleaned.with_name(REPORT), run.cleaned.with_name(".unchecked.parquet")
    with sealed(settings, run, "clean") as seal:
        for old in (run.cleaned, told_in):
            old.unlink(missing_ok=True)
        try:
            told = _in_worker(partial(write_cleaned, settings, run.collected, unchecked, config.ROOT), settings)
            seal |= {"asked": settings.domain.compliance, "compliance": told["compliance"]}
            store.write_json(told_in, told)
            unchecked.replace(run.cleaned)
        finally:
            unchecked.unlink(missing_ok=True)
    print(f"clean: {sum(told['changed'].values()):,} changes in {told['documents']:,} documents")


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
    own = settings.domain.annotation
    with sealed(settings, run, "annotate"):
        if own is None:
            shutil.copyfile(run.cleaned, run.annotated)
            print("annotate: domain.annotation is null, documents pass through")
            return
        summary = _in_worker(partial(_annotated, settings, own, run), settings)
    print(f"annotate: {summary}")


def _annotated(settings: Settings, own: Annotation, run: RunFolder) -> str:
    """Write the documents with gold labels; return a sentence about them."""
    veil = Veil.of(settings.domain.cleaning.privacy, config.ROOT) if own.exports else None
    gold = annotation.annotate(read_documents(run.cleaned), own, config.ROOT, settings.seed, veil)
    annotation.settle(gold, own, run.annotated.parent)
    write_documents(run.annotated, gold.documents)
    return gold.summary


def instruct(settings: Settings, run: RunFolder) -> None:
    """Documents with gold labels -> train, validation and test examples."""
    with sealed(settings, run, "instruct"):
        lines = _in_worker(partial(_instructed, settings, run), settings)
    print(*(f"instruct: {line}" for line in lines), sep="\n")


def _instructed(settings: Settings, run: RunFolder) -> list[str]:
    """Write the examples of each part and the report on them; return what the terminal shows of them."""
    documents = list(read_documents(run.annotated))
    bounded.left()
    entered(settings.domain.name, documents)
    domain = open_domain(settings.domain, documents)
    built = build(domain, settings.seed)
    bounded.left()
    remarks = list(domain.remarks())
    store.write_json(run.examples / REPORT, built.report | ({"remarks": remarks} if remarks else {}))
    counts = {name: write_records(run.examples / f"{name}.jsonl", members) for name, members in built.parts.items()}
    shown = f"{', '.join(f'{count:,} {name}' for name, count in counts.items())} examples"
    rows, parsed = built.report["removed"], built.report["reasoning_parsed"]
    told = f"{parsed:,} outputs held <think>...</think>: parsed into reasoning and answer"
    pairs = _pairs(built.report.get("pairs"))
    return [shown, *([in_words(rows)] if rows else []), *([told] if parsed else []), *pairs, *remarks]


def _pairs(counted: dict[str, int] | None) -> list[str]:
    """Return a line on rejected answers, where records gave any."""
    if not counted:
        return []
    kept = ", ".join(f"{counted[name]:,} {name}" for name in PARTS)
    return [f"{counted['given']:,} records have a rejected answer; in examples: {kept}"]
