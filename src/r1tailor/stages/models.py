"""Examples -> models."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import config, store
from r1tailor.document_files import read_documents
from r1tailor.domain import Domain, declaration, open_domain
from r1tailor.errors import ConfigError
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.schema.objective import Supervised
from r1tailor.schema.settings import Settings
from r1tailor.stage_outputs import demand, sealed
from r1tailor.stages.code import code_version
from r1tailor.stages.material import REPORT, instruct
from r1tailor.training.nodes import follows

if TYPE_CHECKING:
    from r1tailor.training.launch import Meeting


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

        train_part, domain = run.parts()["train"], partial(domain_of, settings, run)
        report = write_lessons(settings, train_part, domain, run.taught, config.ROOT)
        store.write_json(run.taught / REPORT, report)
    print(f"teach: {said(report)}")


def domain_of(settings: Settings, run: RunFolder) -> Domain:
    """Return the domain over the annotated documents of a run."""
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
            parent = parent_of(run, keys, key)
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


def parent_of(run: RunFolder, keys: Sequence[str], key: str) -> Path | None:
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
