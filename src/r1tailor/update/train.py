"""Train: the champion's adapter is trained further on the day's mixture; from time to time all is trained anew.

::

    train/mixture.jsonl   what the candidate is trained on, each example with its origin
    train/model/          the candidate
    train/chain/model/    where it is trained anew: what going on from the champion would have given, to compare with
    train/summary.json    counts and losses

The same day gives the same bytes. What differs from run to run, times, lies in ``costs/`` of the day.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from r1tailor import __version__, artifact, store
from r1tailor.errors import DataError
from r1tailor.inference import BASE
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.locate import Located
from r1tailor.layout import PROBABILITIES, REFERENCES
from r1tailor.record_files import read_examples
from r1tailor.records import Example
from r1tailor.schema.curriculum import ONLY, ShuffledCurriculum
from r1tailor.schema.objective import Distillation, PairLoss, Preference, TeachersTokens
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import AUTO, decided
from r1tailor.schema.update import Train
from r1tailor.update.day import Day, Selected, read_lines, write_lines
from r1tailor.update.replay import Mixed, learnt, replayed
from r1tailor.update.standing import ANEW, is_anew, pending_items

MIXTURE, SUMMARY, CHAIN = "mixture.jsonl", "summary.json", "chain"
WORK = ".training"  # of a day: checkpoints, from which an interrupted training is resumed
_TIMES = ("seconds", "examples_per_second")
_POOL = 16  # optimizer steps whose examples are grouped by length: those with which the gates were measured
_TEACHERS_TOP_K = 64


def train(day: Day, folder: Path, answerer: Answerer, root: Path) -> None:
    """Train a day's candidate, or continue an interrupted training.

    Args:
        day: whose selection is learnt.
        folder: where the stage writes; it takes its place when it is whole.
        answerer: the champion, which writes its share of the replay.
        root: the project's root.

    Raises:
        DataError: the day selected nothing, or a frozen file was changed.
        UserError: the champion cannot be trained further.
        Interrupted: a signal came; the checkpoint is written.
    """
    found, work, anew = day.located(root), day.folder / WORK, is_anew(day)
    mixture = _mixture(day, answerer)
    write_lines(folder / MIXTURE, mixture)
    learns = {"train": _distinct(mixture)}
    made = {CHAIN: _fitted(_further(day, found, root, mixture), learns, root, work / CHAIN, found)}
    if anew:
        everything = [*_unmixed(day), *(one for one in mixture if one.origin in ("day", "pending"))]
        validation = read_examples(day.places.held_out() / "validation.jsonl")
        parts = {"train": _distinct(everything), "validation": validation}
        made[ANEW] = _fitted(_anew(day, found), parts, root, work / ANEW, None)
    for name in made:
        shutil.copytree(work / name / "model", folder / (f"{CHAIN}/model" if anew and name == CHAIN else "model"))
    chosen = made[ANEW if anew else CHAIN]
    summary = {
        "anew": anew,
        "mixture": dict(sorted(Counter(one.origin for one in mixture).items())),
        "pairs": sum(bool(one.example.rejected) for one in mixture),
        "candidate": artifact.read(folder / "model").sha256,
        "training": {key: value for key, value in chosen.items() if key not in _TIMES},
    }
    store.write_json(folder / SUMMARY, summary)
    costs = {name: metrics["seconds"] for name, metrics in made.items()}
    store.write_json(day.folder / "costs" / "train.json", {"seconds": costs})


def clear(day: Day) -> None:
    """Remove what a finished training needs no longer: its checkpoints and its own copy of the models."""
    shutil.rmtree(day.folder / WORK, ignore_errors=True)


def mixture_of(day: Day) -> list[Mixed]:
    """Return what a day's candidate was trained on."""
    return list(read_lines(day.stage("train") / MIXTURE, Mixed))


def _mixture(day: Day, answerer: Answerer) -> list[Mixed]:
    selected = _selected(day)
    learns = learnt(selected, day.name)
    if not learns:
        raise DataError(f"day {day.name} selected nothing to learn")
    known = {id_ for one in selected.values() for each in one for id_ in each.replaces} | {one.of for one in learns}
    pool = [example for example in day.trained_before() if example.id not in known]
    replay = replayed(pool, len(learns), day.settings.update.train.replay, day.seed, answerer.answer)
    return [*learns, *replay]


def _selected(day: Day) -> dict[str, list[Selected]]:
    return {**pending_items(day), day.name: day.selected()}


def _unmixed(day: Day) -> list[Mixed]:
    """Return all that was trained on before, as it is."""
    return [Mixed(example, "replay", example.id) for example in day.trained_before()]


def _further(day: Day, found: Located, root: Path, mixture: Sequence[Mixed]) -> Settings:
    """Return how the champion is trained further: its own composition with the day's length, rate and objective."""
    own, wanted = found.settings, day.settings.update.train
    settings = _shuffled(own)
    rate = decided(_with_rate(settings, root).optimizer.lr) * wanted.lr_factor
    trainer = settings.trainer.model_copy(update={"max_epochs": wanted.epochs, "max_steps": None, "validations": 1})
    scheduler = settings.scheduler.model_copy(update={"over": "phase"})
    optimizer = settings.optimizer.model_copy(update={"lr": rate})
    settings = settings.model_copy(update={"trainer": trainer, "scheduler": scheduler, "optimizer": optimizer})
    if wanted.kl:
        settings = settings.model_copy(update={"objective": _towards_champion(day.champion.version, wanted.kl)})
    return _masking(_preferring(settings, wanted, day.champion.version), mixture)


def _anew(day: Day, found: Located) -> Settings:
    settings = _alone(found.settings) if len(found.settings.curriculum.keys) == 1 else _shuffled(found.settings)
    return _preferring(settings, day.settings.update.train, BASE)


def _preferring(settings: Settings, wanted: Train, reference: str) -> Settings:
    """Return a composition whose pairs, where it takes any, are compared with the model that training starts from."""
    own = wanted.preference or settings.objective
    if not isinstance(own, PairLoss):
        return settings
    objective = Preference(kind="preference", reference=reference, beta=own.beta, supervised=own.supervised)
    return settings.model_copy(update={"objective": objective})


def _shuffled(settings: Settings) -> Settings:
    phase = {"1-all": {"after": "instruct/train.jsonl", "pool": _POOL}}
    curriculum = ShuffledCurriculum(kind="shuffled", pool=_POOL, phases=phase, final=ONLY)  # type: ignore[arg-type]
    return _alone(settings).model_copy(update={"curriculum": curriculum})


def _alone(settings: Settings) -> Settings:
    """Return a composition for one process: a day is short."""
    trainer = settings.trainer.model_copy(update={"devices": 1, "nodes": 1, "parallel": "none"})
    return settings.model_copy(update={"trainer": trainer})


def _with_rate(settings: Settings, root: Path) -> Settings:
    if settings.optimizer.lr != AUTO:
        return settings
    from r1tailor.planning.follow_data import followed

    return followed(settings, (), root).settings


def _towards_champion(version: str, weight: float) -> Distillation:
    """Return cross-entropy + weight x divergence from the champion, scaled as one objective."""
    share = weight / (1 + weight)
    tokens = TeachersTokens(weight=share, temperature=1.0, top_k=_TEACHERS_TOP_K)
    return Distillation(kind="distillation", teacher=version, tokens=tokens, sequences=None)


def _masking(settings: Settings, mixture: Sequence[Mixed]) -> Settings:
    """Return a composition in which an example without reasoning does not teach an empty block.

    ``distil`` trains the reasoning that there is, and skips the block where there is none.
    """
    task = settings.domain.task
    lacking = [one for one in mixture if _is_new(one) and not one.example.reasoning]
    if task.reasoning != "keep" or not lacking:
        return settings
    domain = settings.domain.model_copy(update={"task": task.model_copy(update={"reasoning": "distil"})})
    return settings.model_copy(update={"domain": domain})


def _is_new(one: Mixed) -> bool:
    """Whether an example came in by a daily update, as a replayed correction did."""
    return one.origin in ("day", "pending") or bool(one.example.rejected)


def _fitted(
    settings: Settings, train: dict[str, list[Example]], root: Path, folder: Path, parent: Located | None
) -> dict[str, Any]:
    """Train in a folder, resume what is there or find it finished; leave the model alone; return the metrics."""
    from r1tailor.training.fit import fit
    from r1tailor.training.phase_run import phase_run
    from r1tailor.training.resume import finished

    parts: dict[str, list[Example]] = {"validation": [], **train}
    folder.mkdir(parents=True, exist_ok=True)
    data = {name: _sha256(examples) for name, examples in parts.items()}
    start = parent.model if parent else None
    lessons = _lessons(settings, parts["train"], folder, root)
    run = phase_run(settings, parts, data, root, folder, ONLY, start, __version__, lessons)
    return finished(run) or fit(run)


def _lessons(settings: Settings, examples: Sequence[Example], folder: Path, root: Path) -> Path | None:
    """Ask a teacher or a reference model, where the objective has one; return the file of its answers."""
    from r1tailor.teaching.probabilities import write_probabilities
    from r1tailor.teaching.reference import write_pairs
    from r1tailor.teaching.teacher import find_teacher

    match settings.objective:
        case Preference():
            write_pairs(find_teacher(settings, root), settings, examples, folder, root)
            return folder / REFERENCES
        case Distillation(tokens=tokens) if tokens is not None:
            write_probabilities(find_teacher(settings, root), settings, examples, folder, root)
            return folder / PROBABILITIES
    return None


def _sha256(examples: Sequence[Example]) -> str:
    return hashlib.sha256(json.dumps([asdict(example) for example in examples]).encode()).hexdigest()


def _distinct(mixture: Sequence[Mixed]) -> list[Example]:
    """Return the examples, each id once: the newest stands."""
    return list({one.example.id: one.example for one in mixture}.values())
