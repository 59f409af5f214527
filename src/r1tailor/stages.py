"""One function for each stage of ``dvc.yaml``, in the same order: from raw material to a version.

The pipeline writes below ``outputs/<domain>``, a direct run below a folder of its own; the functions are the
same. torch is imported by the stages that need it, when they run.
"""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from r1tailor import __version__, annotation, artifact, bounded, config, sources, store
from r1tailor.annotation.schemes import opened
from r1tailor.annotation.tasks import write_tasks
from r1tailor.annotation.veil import Veil
from r1tailor.corpus import chain, engine
from r1tailor.corpus.deduplicate import deduplicate
from r1tailor.corpus.engine import Report
from r1tailor.corpus.privacy import key as privacy_key
from r1tailor.corpus.privacy import references
from r1tailor.corpus.privacy.gate import gate
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.corpus.progress import shown
from r1tailor.document_files import count_documents, read_documents, write_documents
from r1tailor.domain import Domain, declaration, open_domain
from r1tailor.errors import ConfigError, DataError
from r1tailor.inputs import sweep, write_inputs
from r1tailor.instruction.build import build, entered
from r1tailor.instruction.removed import in_words
from r1tailor.layout import PARTS, TRAIN, RunFolder, pipeline_folder
from r1tailor.model.licence import refuse_unaccepted
from r1tailor.model.local import local_folder
from r1tailor.record_files import write_records
from r1tailor.records import Document, Rejection
from r1tailor.redteam.folder import nothing, rates_of
from r1tailor.registry import Version, open_registry
from r1tailor.registry.files import write_folder
from r1tailor.schema.annotation import Annotation
from r1tailor.schema.model import LocalModel
from r1tailor.schema.objective import Supervised
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import PackagedSource, Source
from r1tailor.stage_outputs import demand, sealed
from r1tailor.training.nodes import follows

if TYPE_CHECKING:
    from r1tailor.training.launch import Meeting

T = TypeVar("T")

_REPORT = "report.json"
_DECIDED = "composition.trainer.precision"  # where settings leave it open, training decides it
_EVALUATED = "evaluated.json"  # what was evaluated, and the hash of what was measured


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
        for document in _gathered(source, readers, provenance, told, most)
    )
    return write_documents(run.collected, shown(found, "collecting")), provenance


def _gathered(
    source: Source,
    readers: Mapping[str, str],
    provenance: list[dict[str, Any]],
    told: Callable[[Rejection], Mapping[str, str]],
    most: int | None,
) -> Iterator[Document]:
    """Yield the documents of one source, then add to the provenance where they came from."""
    rejected: list[Rejection] = []
    files, count, last, alone = hashlib.sha256(), 0, "", True
    read = sources.read(source, config.ROOT, rejected, readers)
    for count, document in enumerate(islice(read, most), start=1):
        if document.sha256 != last:
            alone, last = count == 1, document.sha256
            files.update(last.encode())
        yield document
    facts = source.model_dump(mode="json", exclude=None if source.permissions else {"permissions"})
    if found := sources.findings(source, config.ROOT):
        facts["findings"] = found
    facts |= {"documents": count, "rejected": [dict(told(one)) for one in rejected]}
    if not isinstance(source, PackagedSource):
        facts["sha256"] = last if alone else files.hexdigest()  # of the raw file, or of the hashes of several
    provenance.append(facts)


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
    told_in, unchecked = run.cleaned.with_name(_REPORT), run.cleaned.with_name(".unchecked.parquet")
    with sealed(settings, run, "clean") as seal:
        for old in (run.cleaned, told_in):
            old.unlink(missing_ok=True)
        try:
            told = _in_worker(partial(_cleaned, settings, run, unchecked), settings)
            seal |= {"asked": settings.domain.compliance, "compliance": told["compliance"]}
            store.write_json(told_in, told)
            unchecked.replace(run.cleaned)
        finally:
            unchecked.unlink(missing_ok=True)
    print(f"clean: {sum(told['changed'].values()):,} changes in {told['documents']:,} documents")


def _cleaned(settings: Settings, run: RunFolder, path: Path) -> dict[str, Any]:
    """Write the clean documents to a file and let the gate look at it; return what rules, duplicates and gate tell."""
    cleaning, report = settings.domain.cleaning, Report(settings.domain.cleaning.rules)
    documents = engine.run(
        run.collected, partial(chain, cleaning, config.ROOT, settings.domain.every_source), settings.corpus, report
    )
    write_documents(path, shown(documents, "cleaning", count_documents(run.collected)))
    told = report.as_dict()
    if cleaning.duplicates:
        told["duplicates"] = deduplicate(path, path, cleaning.duplicates)
    domain = settings.domain.model_copy(update={"sources": settings.domain.every_source})
    return told | {"compliance": gate(read_documents(path), domain)}


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
    store.write_json(run.examples / _REPORT, built.report | ({"remarks": remarks} if remarks else {}))
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


def teach(settings: Settings, run: RunFolder) -> None:
    """Training examples + a teacher -> its verified texts, its distributions, or what it makes of pairs of answers.

    Nothing where nothing is asked.

    ``train`` reads the examples of this stage where it wrote any, else those of ``instruct``.
    """
    with sealed(settings, run, "teach"):
        if isinstance(settings.objective, Supervised):
            for file in run.taught.iterdir():  # of another objective
                file.unlink()
            return
        from r1tailor.teaching.lessons import said, write_lessons

        report = write_lessons(settings, run.parts()["train"], partial(_domain, settings, run), run.taught, config.ROOT)
        store.write_json(run.taught / _REPORT, report)
    print(f"teach: {said(report)}")


def _domain(settings: Settings, run: RunFolder) -> Domain:
    return open_domain(settings.domain, list(read_documents(run.annotated)))


def train(settings: Settings, run: RunFolder, phase: str | None = None, *, checked: bool = False) -> None:
    """Examples + base model -> tuned model, training metrics, curves: one phase, or all of them in their order.

    With several devices this process starts one process for each, which run this same function (``is_launched``). On
    another node than the first it waits for that one and starts those of its own devices.

    Args:
        settings: the composition.
        run: where to read and write.
        phase: key of the one phase to train.
        checked: whether ``check`` has run, so that the preflight need not repeat it.
    """
    keys = settings.curriculum.keys
    if phase is not None and phase not in keys:
        raise ConfigError([f"--phase {phase}: curriculum={settings.curriculum.kind} has {', '.join(keys)}"])
    from r1tailor.training import parallel

    launched = parallel.is_launched()
    if follows(settings) and not launched:
        from r1tailor.training.launch import joined

        joined(settings, run.trained).follow()
        return
    demand(settings, run, "train")
    parts, hashes, code = run.trained_on(), run.hashes(), code_version()
    from r1tailor.planning import lengths, reasoning, rejected
    from r1tailor.planning.preflight import preflight
    from r1tailor.planning.tokenized_parts import TokenizedParts
    from r1tailor.training.fit import fit
    from r1tailor.training.phase_run import phase_run
    from r1tailor.training.resume import finished

    tokens = TokenizedParts(settings, config.ROOT, parts)
    ready = launched  # the process that launched this one has run the preflight
    with nullcontext() if launched else _processes(settings, run.trained) as processes:
        for key in (phase,) if phase else keys:
            parent = _parent(run, keys, key)
            planned = phase_run(
                settings, parts, hashes, config.ROOT, run.phase(key), key, parent, code, run.lessons, tokens
            )
            metrics = finished(planned)
            if metrics is None and not ready and planned.follows:
                print(f"train: {planned.follows}")
            if metrics is None and not ready:
                decided, window = planned.settings, planned.window
                count = lengths.trained_items(decided, tokens)
                said = preflight(decided, config.ROOT, planned.folder, count, window, checked=checked)
                over = lengths.too_long(decided, tokens, {"test": run.parts()["test"]})
                teaches = reasoning.taught(decided, tokens)
                print(*said, *teaches, *rejected.told(decided, parts["train"]), *lengths.remarks(over), sep="\n")
                ready = True
            if metrics is None and processes:
                where = [] if run == pipeline_folder(settings) else [str(run.path)]
                metrics = processes.launch(planned, ["train", *where, "--phase", key])
            metrics = metrics or fit(planned)
            if not launched:
                _print_trained(key if len(keys) > 1 else "", metrics)


@contextmanager
def _processes(settings: Settings, folder: Path) -> Iterator["Meeting | None"]:
    """Hold the folder that a run trains in; yield what starts its processes, where it has several."""
    with store.held(folder):
        if settings.trainer.devices == 1:
            yield None
            return
        from r1tailor.training.launch import meeting

        with meeting(settings, folder) as opened_meeting:
            yield opened_meeting


def _parent(run: RunFolder, keys: Sequence[str], key: str) -> Path | None:
    """Return the model that a phase starts from; None for the first, which starts from the base model."""
    before = keys[: keys.index(key)]
    return run.phase(before[-1]) / "model" if before else None


def _print_trained(phase: str, metrics: dict[str, Any]) -> None:
    by_phase = ", ".join(f"{key} {loss:.4f}" for key, loss in metrics.get("validation_loss_by_phase", {}).items())
    print(
        f"train{f' {phase}' if phase else ''}: {metrics['steps']} steps, {metrics['examples_seen']:,} examples at "
        f"{metrics['examples_per_second']:.1f} examples/s, best validation loss {metrics['best_validation_loss']}"
        + (f" ({by_phase})" if by_phase else "")
    )


def variant(settings: Settings, run: RunFolder, name: str | None = None) -> None:
    """Documents with gold labels -> examples and models with other settings: one of the variants, or all of them.

    Raises:
        ConfigError: ``evaluation.variants`` does not name it.
    """
    chosen = chosen_variants(settings)
    if name is not None and name not in chosen:
        raise ConfigError([f"--name {name}: evaluation.variants has {', '.join(chosen) or 'none'}"])
    for each in (name,) if name else chosen:
        print(f"variant {each}:")
        place = run.variant(each)
        store.write_text(place.path / "config.yaml", config.as_yaml(chosen[each]))
        instruct(chosen[each], place)
        teach(chosen[each], place)
        train(chosen[each], place)


def chosen_variants(settings: Settings) -> dict[str, Settings]:
    """Return the composition of each of ``evaluation.variants``, by name."""
    offered = declaration(settings.domain.kind).variants(settings)
    return {name: offered[name] for name in settings.evaluation.variants}


def compress(settings: Settings, run: RunFolder, name: str | None = None) -> None:
    """The tuned model -> its other forms: one of ``compression.forms``, or all of them.

    Raises:
        ConfigError: ``compression.forms`` does not name it.
        UserError: a form does not take this model.
    """
    chosen = settings.compression.forms
    if name is not None and name not in chosen:
        raise ConfigError([f"--name {name}: compression.forms has {', '.join(chosen) or 'none'}"])
    model = run.phase(settings.curriculum.final) / "model"
    for form in [form for form in chosen if name in (None, form)]:
        from r1tailor.compression.forms import make, summary

        print(f"compress {summary(form, make(form, model, settings, config.ROOT, run.compressed / form))}")


def evaluate(settings: Settings, run: RunFolder) -> None:
    """Test examples, base and tuned model -> metrics with intervals, predictions."""
    from r1tailor.evaluation import table
    from r1tailor.evaluation.ability.run import kept
    from r1tailor.evaluation.compare_models import base_and_tuned, forms
    from r1tailor.evaluation.compare_models import evaluate as measure
    from r1tailor.evaluation.market.report import print_tables
    from r1tailor.evaluation.market.run import track_records
    from r1tailor.planning.lengths import fitting
    from r1tailor.registry.goals import before_attacks, verdicts

    for old in (_EVALUATED, "metrics.json"):
        (run.evaluation / old).unlink(missing_ok=True)
    demand(settings, run, "evaluate")
    trained = run.phase(settings.curriculum.final)
    _refuse_other_model(settings, run)
    domain = _domain(settings, run)
    parts = run.parts()
    parts, tested = {**parts, "test": fitting(settings, config.ROOT, parts["test"])}, len(parts["test"])
    subjects = (*base_and_tuned(trained / "model"), *forms(settings, run.compressed))
    metrics = measure(settings, domain, parts, config.ROOT, subjects, run.evaluation)
    metrics = kept(settings, subjects, config.ROOT, run.evaluation, metrics)
    records = track_records(settings, run, domain, parts, metrics, chosen_variants(settings))
    table.write_plot(metrics, run.evaluation / "plots" / "metrics.csv")
    left_out = tested - len(parts["test"])
    store.write_json(run.evaluation / _EVALUATED, {**_evaluated(settings, run), "too_long": left_out})
    table.print_table(settings, metrics, verdicts(before_attacks(settings.domain.goals), metrics))
    print_tables(records)


def _refuse_other_model(settings: Settings, run: RunFolder) -> None:
    """Refuse a model that other settings or examples trained: training was refused or killed since they changed.

    Raises:
        CheckpointError: the model is damaged.
        DataError: names what differs.
    """
    from r1tailor.planning.follow_data import open_keys
    from r1tailor.training.identity import differences, identity_of

    keys = settings.curriculum.keys
    artifact.read(run.phase(keys[-1]) / "model")
    for key in keys:
        model = run.phase(key) / "model"
        wanted = identity_of(settings, run.hashes(), key, _parent(run, keys, key))
        made_by = artifact.recorded(model)
        changed = differences({name: made_by.get(name) for name in wanted}, wanted)
        left_open = {_DECIDED, *(f"composition.{name}" for name in open_keys(settings))}
        changed = [name.removeprefix("composition.") for name in changed if name not in left_open]
        if changed:
            raise DataError(
                f"{model} was trained with other settings or examples ({', '.join(changed[:5])}). "
                "Run train: dvc repro, or python train.py"
            )


def _evaluated(settings: Settings, run: RunFolder) -> dict[str, str]:
    """Return the hashes of the model, the test items and the metrics that belong together."""
    manifest = run.phase(settings.curriculum.final) / "model" / store.MANIFEST
    measured = {"model": manifest, "test": run.examples / "test.jsonl", "metrics": run.evaluation / "metrics.json"}
    return {name: store.sha256_file(path) for name, path in measured.items()}


def _refuse_not_evaluated(settings: Settings, run: RunFolder) -> None:
    """Refuse to register anything but what was evaluated.

    Raises:
        CheckpointError: the model is damaged.
        DataError: nothing was evaluated, or another model, other items, or the metrics were changed since.
    """
    record = run.evaluation / _EVALUATED
    if not record.exists():
        raise DataError(f"{record} does not exist. Run the stage before: dvc repro, or python train.py")
    _refuse_other_model(settings, run)
    recorded, now = store.read_json(record), _evaluated(settings, run)
    changed = [name for name in now if recorded.get(name) != now[name]]
    if changed:
        raise DataError(
            f"{', '.join(changed)}: not what was evaluated in {run.evaluation}; nothing was registered. "
            "Evaluate again: dvc repro, or python train.py resume=true output=<folder of the run>"
        )


def redteam(settings: Settings, run: RunFolder) -> None:
    """The subjects of ``evaluate`` -> verdicts on their answers to attacks, rates; nothing where none is composed.

    Raises:
        DataError: the model was trained with other settings, or a set or bank of questions cannot be read.
    """
    if not settings.redteam.attacks:
        nothing(run.attacked)
        return
    _refuse_other_model(settings, run)
    from r1tailor.redteam.run import attack
    from r1tailor.redteam.subjects import targets
    from r1tailor.redteam.table import print_rates

    model = run.phase(settings.curriculum.final) / "model"
    asked = targets(settings, model, run.compressed, config.ROOT)
    print_rates(attack(settings, asked, run.attacked, config.ROOT, model))


def _attacked(settings: Settings, run: RunFolder) -> dict[str, Any] | None:
    """Return the rates of the red team; None where none is composed."""
    model = run.phase(settings.curriculum.final) / "model"
    return rates_of(run.attacked, model) if settings.redteam.attacks else None


def report(settings: Settings, run: RunFolder) -> None:
    """What the stages before wrote -> one page for people, and the few figures that ``dvc metrics diff`` shows.

    Raises:
        DataError: nothing was evaluated yet.
    """
    from r1tailor.report import compact, finished
    from r1tailor.report.page import page

    found = finished.read(settings, run, code_version())
    store.write_text(run.evaluation / "report.html", page(found))
    store.write_json(run.evaluation / compact.FILE, compact.figures(found))


def register(settings: Settings, run: RunFolder) -> Version:
    """Everything above -> one complete version, without number or time; the local registry takes it in.

    Raises:
        DataError: nothing was evaluated yet.
    """
    from r1tailor.registry.goals import judged_facts
    from r1tailor.report import dossier, finished

    demand(settings, run, "register")
    metrics_file = run.evaluation / "metrics.json"
    if not metrics_file.exists():
        raise DataError(f"{metrics_file} does not exist. Run the stage before: dvc repro, or python train.py")
    _refuse_not_evaluated(settings, run)
    metrics = store.read_json(metrics_file)
    facts = {
        "domain": settings.domain.name,
        "parent": artifact.recorded(run.phase(settings.curriculum.keys[0]) / "model")["parent"],
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
        **judged_facts(settings.domain.goals, metrics, _attacked(settings, run)),
    }
    parts = _version_parts(settings, run)
    texts = {"config.yaml": _without_place(settings), **dossier.texts(finished.read(settings, run, ""), parts)}
    write_folder(run.version, parts, texts, facts)
    version, _ = open_registry(config.ROOT).take_in(run.version)
    _adopt_forms(settings, run, version, metrics)
    missed = "; ".join(version.missed_goals)
    print(f"register: {version.id}" + (f" (misses its goals: {missed})" if missed else " (meets its goals)"))
    return version


def _adopt_forms(settings: Settings, run: RunFolder, version: Version, metrics: dict[str, Any]) -> None:
    """Put the forms of the tuned model, with their verdicts, next to the version, whose id does not depend on them."""
    for form in settings.compression.forms:
        from r1tailor.compression.forms import adopt
        from r1tailor.evaluation.non_inferiority import in_words

        folder = open_registry(config.ROOT).folder / version.domain / "forms" / version.id / form
        adopt(run.compressed / form, folder, metrics["compared"][form]["verdict"])
        print(f"register: {in_words(form, metrics['compared'][form]['verdict'])}")


def _version_parts(settings: Settings, run: RunFolder) -> dict[str, Path]:
    """Return what a version holds, by the name that it has there."""
    *earlier, final = settings.curriculum.keys
    taught = {f"teach/{name}": run.taught / name for name in (_REPORT, TRAIN)}
    return {
        "model": run.phase(final) / "model",
        **{f"phases/{key}": run.phase(key) / "model" for key in earlier},
        "data": run.examples,
        "evaluation": run.evaluation,
        "provenance.json": run.provenance,
        **({"redteam": run.attacked} if settings.redteam.attacks else {}),
        **{name: path for name, path in taught.items() if path.exists()},
    }


def _without_place(settings: Settings) -> str:
    """Return the composition as YAML, without where and how this run was started: it says nothing of the version."""
    return config.as_yaml(settings.model_copy(update={"output": None, "resume": False}))


STAGES: dict[str, Callable[..., Any]] = {
    stage.__name__: stage
    for stage in (
        *(inputs, collect, clean, annotate, instruct, teach),
        *(train, variant, compress, evaluate, redteam, report, register),
    )
}


def code_version() -> str:
    """Return the package version and, in a git checkout, the commit (marked if it has local changes)."""
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(config.ROOT),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
    ]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{__version__} ({commit})"
