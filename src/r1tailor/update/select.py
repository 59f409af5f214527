"""Select: which admitted items are trained on, in which order; which are kept out for good, and which go to people.

The day's slice is drawn first, at random among the items with an answer of their own, so that it stands for the day
and not for the policy. Whatever repeats it is left out of training. Then the policy orders the rest:

- ``confident_rare``: confident answers, those first that training has seen least; doubtful answers of what it has seen
  seldom go to people, other doubtful ones are left out.
- ``uncertain``: what the champion is least sure of first. ``random``, ``all``: as they are called.

An answer that the champion wrote itself is trained on only where it is confident, and within its share.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.annotation.schemes import opened
from r1tailor.annotation.tasks import write_tasks
from r1tailor.errors import DataError
from r1tailor.inference.answerer import Answerer
from r1tailor.instruction.decontaminate import leaks_in
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example
from r1tailor.schema.update import Policy
from r1tailor.schema.update import Select as SelectSettings
from r1tailor.update.alike import near_questions
from r1tailor.update.calibration import FEWEST
from r1tailor.update.confidence import Judge, Judged
from r1tailor.update.day import Admitted, Day, Selected, write_lines
from r1tailor.update.frequency import frequencies
from r1tailor.update.gather import task_document
from r1tailor.update.voter import Voter

ITEMS = "items.jsonl"  # of a held-out slice


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of an admitted item.

    Attributes:
        id: of the item.
        chosen: ``train``, ``people``, ``left_out`` or ``held_out``.
        why: for people.
        confidence: see ``day.Selected``; as the next three.
        basis: empty where nothing was judged.
        frequency: -1 where nothing was counted.
        written: whether the champion wrote the answer.
    """

    id: str
    chosen: str
    why: str
    confidence: float = 0.0
    basis: str = ""
    frequency: int = -1
    written: bool = False


@dataclass(frozen=True, slots=True)
class _Ranked:
    judged: Judged
    frequency: int
    confident: bool
    rare: bool

    @property
    def id(self) -> str:
        return self.judged.admitted.material.id


def select(day: Day, folder: Path, answerer: Answerer, root: Path = config.ROOT) -> None:
    """Write the day's slice, what is trained on, what is left for people, and every choice with its reason.

    Args:
        day: with its stage ``admit`` finished.
        folder: where to write.
        answerer: the champion; asked where no person and no source says that an answer is right.
        root: the project's root.

    Raises:
        ConfigError: ``update.select.count_by`` names no field.
        DataError: the slice of this day is frozen and would be another one now.
    """
    wanted = day.settings.update.select
    labels = day.located(root).labels()
    voter = Voter.of(day, labels)
    kept_out, rest, choices = _slice(day, day.admitted(), labels)
    _freeze_slice(day, [one.material.example for one in kept_out], folder / ITEMS)
    judge = Judge(answerer, voter, wanted.confidence, _known(day), day.seed)
    judged = judge.judge(rest, everything=wanted.policy == "uncertain")
    by, ranked = _counted(day, judged, voter)
    train, people, left_out = choose(ranked, wanted, day.seed)
    sections = ("train", train), ("people", people), ("left_out", left_out)
    choices += [_choice(one, chosen, why, by) for chosen, pairs in sections for one, why in pairs]
    write_lines(folder / "selected.jsonl", [_selected(one, why, by) for one, why in train])
    write_lines(folder / "people.jsonl", [_selected(one, why, by) for one, why in people])
    write_lines(folder / "choices.jsonl", sorted(choices, key=lambda one: one.id))
    _write_tasks(day, folder, people)
    store.write_json(folder / "counts.json", _counts(wanted.policy, by, choices, train))


def _known(day: Day) -> list[Example]:
    """Return the items that confidence is calibrated on: validation's, and the test's where those are too few."""
    found: list[Example] = []
    for part in ("validation", "test"):
        if len(found) < FEWEST:
            found += [one for one in read_examples(day.places.held_out() / f"{part}.jsonl") if one.output]
    return found


def _counts(policy: Policy, by: str, choices: Sequence[Choice], train: Sequence[tuple[_Ranked, str]]) -> dict[str, Any]:
    return {
        "policy": policy,
        "counted_by": by,
        **dict.fromkeys(("train", "people", "left_out", "held_out"), 0),
        **Counter(one.chosen for one in choices),
        "self_labelled": sum(one.judged.written for one, _ in train),
        "why": dict(sorted(Counter(f"{one.chosen}: {one.why.partition(',')[0]}" for one in choices).items())),
    }


# --- the day's slice ---


def _slice(
    day: Day, admitted: Sequence[Admitted], labels: Sequence[str]
) -> tuple[list[Admitted], list[Admitted], list[Choice]]:
    """Return what is kept out for good, what is left to choose from, and the choices that this makes."""
    split, share = day.settings.domain.split, day.settings.update.select.held_out
    labelled = [one for one in admitted if one.material.labelled]
    groups: dict[str, list[Admitted]] = {}
    for one in labelled:
        groups.setdefault(one.material.example.group or f" {one.material.id}", []).append(one)
    kept_out: list[Admitted] = []
    for group in sorted(groups, key=lambda name: drawing(day.seed, f"slice {name}")):
        if len(kept_out) + len(groups[group]) <= int(share * len(labelled)):
            kept_out += groups[group]
    ids = {one.material.id for one in kept_out}
    rest = [one for one in admitted if one.material.id not in ids]
    again = _repeating([one.material.example for one in kept_out], [one.material.example for one in rest], day, labels)
    groups_out = {one.material.example.group for one in kept_out if split.by == "group"} - {""}
    again |= {e.id for one in rest for e in (one.material.example,) if e.group in groups_out}
    choices = [Choice(id_, "held_out", "drawn for the slice of the day") for id_ in ids]
    choices += [
        Choice(one.material.id, "left_out", "repeats the slice of the day")
        for one in rest
        if one.material.example.id in again
    ]
    return kept_out, [one for one in rest if one.material.example.id not in again], choices


def _repeating(kept_out: Sequence[Example], rest: Sequence[Example], day: Day, labels: Sequence[str]) -> set[str]:
    """Return the ids of examples that repeat what is kept out."""
    if not kept_out or not rest:
        return set()
    section = day.settings.domain
    leaks = section.split.leaks
    if section.task.kind == "text":
        leaks = leaks.model_copy(update={"fields": ("output",)})
    parts = {"train": list(rest), "validation": [], "test": list(kept_out)}
    near = near_questions(rest, kept_out, section.split.similarity)
    return {leak.train for leak in leaks_in(parts, leaks, labels)} | {rest[row].id for row, _ in near}


def _freeze_slice(day: Day, examples: Sequence[Example], scratch: Path) -> None:
    """Keep the day's slice out for good.

    Raises:
        DataError: another slice was kept out.
    """
    folder = day.places.held_out(day.name)
    write_records(scratch, examples)
    if (folder / ITEMS).is_file():
        same = store.sha256_file(folder / ITEMS) == store.sha256_file(scratch)
        scratch.unlink()
        if not same:
            raise DataError(f"{folder} is frozen and holds other items than this day would keep out now")
        return
    with store.replaced_folder(folder, {"day": day.name}) as temporary:
        scratch.replace(temporary / ITEMS)


def drawing(seed: int, item: str) -> bytes:
    """Return what items are sorted by to draw among them at random: it depends on the seed and the item alone."""
    return hashlib.sha256(f"{seed} {item}".encode()).digest()


# --- the policy ---


def _counted(day: Day, judged: Sequence[Judged], voter: Voter) -> tuple[str, list[_Ranked]]:
    wanted = day.settings.update.select
    examples = [one.admitted.material.example for one in judged]
    by, counts = frequencies(examples, day.trained_before(), wanted.count_by, wanted.cluster_similarity, voter)
    return by, [
        _Ranked(one, count, one.confidence >= wanted.confident, count <= wanted.rare)
        for one, count in zip(judged, counts, strict=True)
    ]


Chosen = list[tuple[_Ranked, str]]


def choose(ranked: Sequence[_Ranked], wanted: SelectSettings, seed: int) -> tuple[Chosen, Chosen, Chosen]:
    """Return what is trained on, in order; what is left for people, the most wanted first; and what is left out."""
    doubtful = [one for one in ranked if _is_doubtful(one, wanted.policy)]
    candidates = [one for one in ranked if not _is_doubtful(one, wanted.policy)]
    ordered = sorted(candidates, key=_order(wanted.policy, seed))
    train, left_out = _within_limits(ordered, wanted)
    people: Chosen = []
    for one in sorted(doubtful, key=lambda one: (one.frequency, one.judged.confidence, one.id)):
        if one.rare:
            people.append((one, "doubtful and rare"))
        else:
            left_out.append((one, "doubtful, and training has seen it often"))
    return [(one, _why(one, wanted.policy)) for one in train], people, left_out


def _is_doubtful(one: _Ranked, policy: Policy) -> bool:
    """Whether an item is no candidate: under the guide's policy, or because nobody but the champion answered it."""
    answered = one.judged.admitted.material.labelled
    return not answered or (not one.confident and (policy == "confident_rare" or one.judged.written))


def _order(policy: Policy, seed: int) -> Callable[[_Ranked], tuple[Any, ...]]:
    match policy:
        case "confident_rare":
            return lambda one: (one.frequency, -one.judged.confidence, one.id)
        case "uncertain":
            return lambda one: (one.judged.confidence, one.frequency, one.id)
        case "random":
            return lambda one: (drawing(seed, f"order {one.id}"),)
    return lambda one: (one.judged.admitted.material.available_at, one.id)


def _within_limits(ordered: Sequence[_Ranked], wanted: SelectSettings) -> tuple[list[_Ranked], Chosen]:
    """Return what the budget and the share of answers of the champion's own let through, and what they do not."""
    budget = len(ordered) if wanted.budget is None else wanted.budget
    own = sum(one.judged.written for one in ordered)
    while True:
        taken: list[_Ranked] = []
        written = 0
        for one in ordered:
            if len(taken) < budget and (not one.judged.written or written < own):
                taken.append(one)
                written += one.judged.written
        if written <= wanted.self_labelled * len(taken):
            break
        own = min(own, written) - 1
    ids = {one.id for one in taken}
    left = [
        (one, "above the share of self-labelled items" if one.judged.written and written == own else "above the budget")
        for one in ordered
        if one.id not in ids
    ]
    return taken, left


def _why(one: _Ranked, policy: Policy) -> str:
    sure = "confident" if one.confident else "doubtful"
    seen = "rare" if one.rare else "seen often"
    return f"{sure} and {seen}" if policy == "confident_rare" else f"{policy}, {sure} and {seen}"


def _selected(one: _Ranked, why: str, by: str) -> Selected:
    judged = one.judged
    admitted = judged.admitted
    told = f"{why}: {one.frequency:,} in training by {by}"
    return Selected(
        admitted.material, told, judged.confidence, judged.basis, one.frequency, judged.written, admitted.replaces
    )


def _choice(one: _Ranked, chosen: str, why: str, by: str) -> Choice:
    judged = one.judged
    return Choice(one.id, chosen, why, judged.confidence, judged.basis, one.frequency, judged.written)


def _write_tasks(day: Day, folder: Path, people: Chosen) -> None:
    """Write annotation tasks about what is left for people, where the domain has a scheme."""
    own = day.settings.domain.annotation
    if own is None:
        return
    documents = [task_document(one.judged.admitted.material) for one, _ in people]
    reasons = {document.id: why for document, (_, why) in zip(documents, people, strict=True)}
    write_tasks(folder / "tasks", own.exports, opened(own.scheme), documents, reasons=reasons)
