"""Admit: which items of a day may be learnt from. Everything else goes to quarantine with its reason, and is counted.

The checks follow one another from cheap to dear; the first that refuses an item names the reason:

========================  ======================================================================================
empty, identifiers        cleaning left nothing of it, or personal identifiers still stand in it
no_question, no_answer    nothing is asked; a correction without an answer, or whose reasoning does not end
unchanged, too_long       a correction that corrects nothing; more characters than ``admit.longest``
outside_labels            the answer is none of the closed set
leak, held_out_group      it repeats a held-out item of the domain or of any day, or is of the same group
quota_of_user, _of_source more than a day takes of one user or source; it waits for another day
duplicate                 the day or training has this question with this answer; also ``near_duplicate``
contradiction_today       the day has other answers to this question, and none has more people behind it
contradiction             training answers this question otherwise; it waits for a second user
trigger                   words added to several questions of training turn them all to one answer
new_word                  a word that training never asked with decides the answer alone; it waits for a person's yes
needs_second_user         the champion is confident of another answer, which training verifies; it waits
========================  ======================================================================================
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from r1tailor import config, store
from r1tailor.corpus import chain
from r1tailor.corpus.base import Step
from r1tailor.corpus.engine import treated
from r1tailor.corpus.privacy.deidentify import find
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.domain import is_text
from r1tailor.domain.answers import folded
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.sampling import Sampling
from r1tailor.instruction.decontaminate import leaks_in
from r1tailor.records import Document, Example
from r1tailor.schema.corpus import Privacy
from r1tailor.schema.domain import DomainSection
from r1tailor.thinking import parted
from r1tailor.update.alike import near_questions
from r1tailor.update.day import Admitted, Day, Material, Quarantined, write_lines
from r1tailor.update.gather import WAITING
from r1tailor.update.knowledge import overturned
from r1tailor.update.new_words import deciding
from r1tailor.update.repeats import Verdict, repeats
from r1tailor.update.triggers import planted
from r1tailor.update.voter import Voter


class _Sieve:
    """The items that are left, and those that were refused."""

    def __init__(self, items: Sequence[Material]) -> None:
        self.left = list(items)
        self.refused: list[Quarantined] = []

    def refuse(self, verdicts: Mapping[str, Verdict]) -> None:
        """Move items to quarantine."""
        self.refused += [Quarantined(item, *verdicts[item.id]) for item in self.left if item.id in verdicts]
        self.left = [item for item in self.left if item.id not in verdicts]


def admit(day: Day, folder: Path, answerer: Answerer, root: Path = config.ROOT) -> None:
    """Write what of a day may be learnt from, what may not and why, and the counts.

    Args:
        day: frozen.
        folder: where to write.
        answerer: the champion; asked about corrections alone.
        root: the project's root.

    Raises:
        DataError: the day, or what it was frozen with, was changed.
    """
    wanted, located = day.settings.update, day.located(root)
    section = day.settings.domain
    voter = Voter.of(day, located.labels())
    came = day.material()
    sieve = _Sieve(came)
    rules = _cleaned(sieve, section, root)
    sieve.refuse(_malformed(sieve.left, wanted.admit.longest, voter))
    sieve.left = [_spelt(item, voter) for item in sieve.left]
    sieve.refuse(_leaks(sieve.left, day.held_out_sets(), section, located.labels()))
    sieve.refuse(_above_quotas(sieve.left, wanted.admit.most_of_user, wanted.admit.most_of_source))
    train = day.trained_before()
    found = repeats(sieve.left, train, wanted.admit)
    sieve.refuse(found.verdicts)
    sieve.refuse(planted(sieve.left, train, wanted.admit.knowledge.similarity))
    sieve.refuse(deciding(sieve.left, train, wanted.admit.confirmed_words))
    asked = wanted.select.confidence
    sampling = Sampling(temperature=asked.temperature, top_p=asked.top_p, seed=day.seed)
    known = overturned(sieve.left, found.support, train, voter, answerer, wanted.admit.knowledge, sampling)
    sieve.refuse(known)
    admitted = [Admitted(item, found.replaces.get(item.id, ())) for item in sieve.left]
    write_lines(folder / "admitted.jsonl", admitted)
    write_lines(folder / "quarantine.jsonl", sieve.refused)
    store.write_json(folder / "counts.json", _counts(came, admitted, sieve.refused, rules))


def _counts(
    came: Sequence[Material], admitted: Sequence[Admitted], refused: Sequence[Quarantined], rules: Mapping[str, int]
) -> dict[str, object]:
    reasons = Counter(one.reason for one in refused)
    return {
        "came": dict(sorted(Counter(item.kind for item in came).items())),
        "admitted": dict(sorted(Counter(one.material.kind for one in admitted).items())),
        "quarantined": dict(sorted(reasons.items())),
        "waiting": sum(count for reason, count in reasons.items() if reason in WAITING),
        "replacing": sum(bool(one.replaces) for one in admitted),
        "cleaned": dict(sorted(rules.items())),
    }


# --- cleaning ---


def _cleaned(sieve: _Sieve, section: DomainSection, root: Path) -> Counter[str]:
    """Clean the corrections (documents came clean), refuse what is left empty or identifying; return rules by count."""
    changed: Counter[str] = Counter()
    privacy = section.cleaning.privacy
    steps = chain(section.cleaning, root) if any(item.kind == "correction" for item in sieve.left) else ()
    verdicts: dict[str, Verdict] = {}
    kept = []
    for item in sieve.left:
        clean = item
        if item.kind == "correction":
            clean, rules = _treated(item, steps)
            changed.update(rules)
            if item.example.input.strip() and not clean.example.input.strip():
                verdicts[item.id] = ("empty", "")
            elif privacy and (kinds := _identifiers(clean, privacy)):
                verdicts[item.id] = ("identifiers", ", ".join(sorted(kinds)))
        kept.append(clean)
    sieve.left = kept
    sieve.refuse(verdicts)
    return changed


def _treated(item: Material, steps: Sequence[Step]) -> tuple[Material, list[str]]:
    """Return a correction as the pipeline cleans it, its reasoning apart, and the rules that changed it."""
    example = item.example
    fields = {"output": example.output, "original": item.original}
    done = treated(Document(item.id, example.input, item.source, "", "", "", item.available_at, fields), steps)
    thought, answer = parted(done.document.fields["output"])
    clean = replace(
        example,
        input=done.document.text,
        output=answer.strip(),
        reasoning=thought.strip() or example.reasoning,
    )
    return replace(item, example=clean, original=done.document.fields["original"]), [note.rule for note in done.notes]


def _identifiers(item: Material, privacy: Privacy) -> set[str]:
    texts = (item.example.input, item.example.output, item.example.reasoning, item.original)
    finders = plugged_in(privacy.finders)
    return {finding.kind for text in texts for finding in find(text, list(privacy.kinds), finders)}


# --- the item alone ---


def _malformed(items: Sequence[Material], longest: int, voter: Voter) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for item in items:
        example = item.example
        length = len(example.asked) + len(example.output) + len(example.reasoning)
        if not is_text(example) and not _asks(item):
            found[item.id] = ("no_question", "")
        elif item.kind != "document" and not item.labelled:
            found[item.id] = ("no_answer", "")
        elif item.original and folded(example.output) == folded(parted(item.original)[1]):
            found[item.id] = ("unchanged", "")
        elif length > longest:
            found[item.id] = ("too_long", f"{length:,} characters, at most {longest:,}")
        elif example.output and voter.settled(example) is None:
            found[item.id] = ("outside_labels", "")
    return found


def _asks(item: Material) -> bool:
    """Whether an item asks something of its own; the instruction of a correction is the task's."""
    example = item.example
    return bool(example.asked.strip() or example.series or (item.kind == "document" and example.instruction))


def _spelt(item: Material, voter: Voter) -> Material:
    """Return an item whose answer is spelt as its closed set has it."""
    settled = voter.settled(item.example) if item.example.output else None
    return replace(item, example=replace(item.example, output=settled)) if settled else item


# --- the item and what is held out ---


def _leaks(
    items: Sequence[Material], sets: Mapping[str, Sequence[Example]], section: DomainSection, labels: Sequence[str]
) -> dict[str, Verdict]:
    """Return the items that repeat a held-out item of any set, or are of a group that is held out."""
    place_of = {example.id: name for name, examples in sets.items() for example in examples}
    held_out = [example for examples in sets.values() for example in examples]
    examples = [item.example for item in items]
    split = section.split
    leaks = split.leaks.model_copy(update={"fields": ("output",)}) if section.task.kind == "text" else split.leaks
    parts = {"train": examples, "validation": [], "test": held_out}
    found: dict[str, Verdict] = {}
    groups = {example.group: example.id for example in held_out if example.group}
    for example in examples:
        if split.by == "group" and example.group in groups:
            found[example.id] = ("held_out_group", groups[example.group])
    for row, column in near_questions(examples, held_out, split.similarity):
        repeated = held_out[column]
        found.setdefault(examples[row].id, ("leak", f"{repeated.id} of {place_of[repeated.id]}"))
    for leak in leaks_in(parts, leaks, labels) if examples and held_out else ():
        found.setdefault(leak.train, ("leak", f"{leak.held_out} of {place_of[leak.held_out]}"))
    return {item.id: found[item.example.id] for item in items if item.example.id in found}


def _above_quotas(items: Sequence[Material], of_user: int, of_source: int) -> dict[str, Verdict]:
    """Return the items above a day's quota of their user or source; the earliest are within it."""
    users: Counter[str] = Counter()
    places: Counter[str] = Counter()
    found: dict[str, Verdict] = {}
    for item in items:
        if item.user and users[item.user] >= of_user:
            found[item.id] = ("quota_of_user", f"at most {of_user:,}")
        elif not item.user and places[item.source] >= of_source:
            found[item.id] = ("quota_of_source", f"at most {of_source:,}")
        else:
            users[item.user] += 1
            places[item.source] += 1
    return found
