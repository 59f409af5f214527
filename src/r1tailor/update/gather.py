"""Gather: what came in since the last day becomes one frozen input.

Documents are read and cleaned as the pipeline does it, personal identifiers included, before anything of them is kept;
corrections were treated when users gave them. Nothing is taken twice: an item of an earlier day comes again only if it
waits there, for a quota or for a second user.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from r1tailor import annotation, bounded, config, durable, sources, store
from r1tailor.annotation.veil import Veil
from r1tailor.corpus import chain
from r1tailor.corpus.engine import treated
from r1tailor.corpus.privacy.gate import gate
from r1tailor.corpus.shingles import words
from r1tailor.domain import Domain, declaration, open_domain
from r1tailor.domain.labelled import labelled
from r1tailor.instruction.build import dated
from r1tailor.layout import PARTS
from r1tailor.record_files import read_examples
from r1tailor.records import Document, Example, Rejection
from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.export import SOURCE as FEEDBACK
from r1tailor.serving.feedback.log import FeedbackLog
from r1tailor.serving.feedback.review import outcome
from r1tailor.sources.permissions import not_trained
from r1tailor.update.day import (
    CORRECTION,
    Day,
    Kind,
    Material,
    Quarantined,
    Selected,
    UpdateFolder,
    order,
    read_lines,
    update_folder,
    write_lines,
)
from r1tailor.update.history import entries
from r1tailor.update.origin import champion, freeze, frozen_sets, trained_days
from r1tailor.update.pipeline import written
from r1tailor.update.standing import PENDING, is_forgotten, standing

QUOTAS = ("quota_of_user", "quota_of_source")
CONFIRMED = "confirmed"  # a new word, since the day that held its item back
READY = (*QUOTAS, CONFIRMED)  # nothing else has to come in
WAITING = (*QUOTAS, "contradiction", "contradiction_today", "new_word", "needs_second_user")
_NOT_OF_THE_DOMAIN = (CORRECTION, "label/")  # ids of examples that no document of the domain made
LEFT_FOR_PEOPLE = "people"  # source of the documents that tasks of the update are about


@dataclass
class _Found:
    """What came in, what was passed over, by reason, and the closed sets of answers (see ``Day.labels``)."""

    material: list[Material] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Any] = field(default_factory=lambda: {"closed": [], "own": {}})


def gather(settings: Settings, root: Path, name: str, *, again: bool = False) -> Day | None:
    """Freeze a new day; None where nothing new came in.

    Args:
        settings: the composition of the day.
        root: the project's root.
        name: of the day; material that could not have been known on its date is left for later days.
        again: whether what earlier days left is enough for a day.

    Raises:
        UserError: the domain has no version.
        DataError: material cannot be read, or holds identifiers that domain.compliance does not allow.
    """
    places = update_folder(settings, root)
    start, located = champion(settings.domain.name, root)
    freeze(places, located)
    found = _Found()
    if settings.update.corrections:
        _corrections(settings, root, places, found)
    if settings.update.documents:
        read = bounded.run(lambda: _documents(settings, root, places), settings.corpus.limits, resumes=True)
        found.material += read.material
        found.skipped += read.skipped
        found.labels = read.labels
    seen, waiting = _earlier(places, settings.update.admit.confirmed_words)
    material = _new(found, seen, order(name)[0], entries(places.history))
    left = standing(places, settings.update, name)
    if not any(item.id not in waiting or waiting[item.id] in READY for item in material):
        if not (again and left[PENDING]):
            return None
        material = []
    facts = {
        "domain": settings.domain.name,
        "day": name,
        "seed": Day(places, name).seed_of(settings.seed),
        "champion": {"version": start.version, "manifest": start.manifest},
        "base": store.sha256_file(places.base),
        "held_out": frozen_sets(places, name),
        "trained": trained_days(places, name),
        **left,
        "came": dict(sorted(Counter(item.kind for item in material).items())),
        "again": sum(item.id in waiting for item in material),
        "skipped": dict(sorted(found.skipped.items())),
    }
    return _freeze(places, name, settings, material, found.labels, facts)


def _freeze(
    places: UpdateFolder,
    name: str,
    settings: Settings,
    material: list[Material],
    labels: dict[str, Any],
    facts: dict[str, Any],
) -> Day:
    """Write a day into a temporary folder and put it in its place in one step."""
    durable.make_folder(places.days)
    store.sweep(places.days)
    temporary = durable.temporary(places.days / name)
    temporary.mkdir()
    write_lines(temporary / "material.jsonl", material)
    store.write_text(temporary / "config.yaml", config.as_yaml(settings))
    store.write_json(temporary / "labels.json", labels)
    hashes = {"config": "config.yaml", "material": "material.jsonl", "labels": "labels.json"}
    sealed = facts | {key: store.sha256_file(temporary / file) for key, file in hashes.items()}
    store.write_json(temporary / "day.json", sealed)
    written(temporary, places, settings.domain.name, name)
    durable.sync_tree(temporary)
    temporary.replace(places.days / name)
    store.sync_folder(places.days)
    return places.day(name)


def _earlier(places: UpdateFolder, confirmed: Sequence[str]) -> tuple[set[str], dict[str, str]]:
    """Return the ids of base examples and of earlier days' items that are done with, and what waits and why."""
    files = [places.base, *(places.held_out() / f"{part}.jsonl" for part in PARTS)]
    seen = {example.id for file in files if file.is_file() for example in read_examples(file)}
    waiting: dict[str, str] = {}
    for name in places.names():
        day = places.day(name)
        ids = {item.id for item in read_lines(day.folder / "material.jsonl", Material)}
        quarantine = day.stage("admit") / "quarantine.jsonl"
        refused = list(read_lines(quarantine, Quarantined)) if quarantine.exists() else []
        held = {one.material.id: one.reason for one in refused if one.reason in WAITING}
        held |= dict.fromkeys(_confirmed_since(day, refused, confirmed), CONFIRMED)
        waiting = {id_: why for id_, why in waiting.items() if id_ not in ids} | held
        seen = (seen | ids) - set(held)
    return seen, waiting


def _confirmed_since(day: Day, refused: Sequence[Quarantined], confirmed: Sequence[str]) -> list[str]:
    """Return the ids of items that a new word held back, and that have a word which was confirmed afterwards."""
    held = [one.material for one in refused if one.reason == "new_word"]
    before = day.settings.update.admit.confirmed_words if held else ()
    since = {word for text in set(confirmed) - set(before) for word in words(text)}
    return [item.id for item in held if not since.isdisjoint(words(item.example.asked))]


def _new(found: _Found, seen: set[str], until: str, told: list[dict[str, Any]]) -> list[Material]:
    """Return what no earlier day took, by date; count what was forgotten and what could not have been known yet."""
    unseen = [item for item in found.material if item.id not in seen]
    fresh = [item for item in unseen if not is_forgotten(told, item.id)]
    if gone := len(unseen) - len(fresh):
        found.skipped["forgotten"] += gone
    known = [item for item in fresh if item.available_at[:10] <= until]
    if later := len(fresh) - len(known):
        found.skipped["not_available_yet"] += later
    return sorted(known, key=lambda item: (item.available_at, item.id))


# --- corrections ---


def _corrections(settings: Settings, root: Path, places: UpdateFolder, found: _Found) -> None:
    """Add the accepted corrections of a domain's served answers."""
    folder = root / settings.serving.folder / "feedback" / settings.domain.name
    for record in FeedbackLog(folder).records() if folder.is_dir() else ():
        state = outcome(record, two_person=settings.serving.feedback.two_person)
        if state.status != "accepted" or record.texts is None:
            found.skipped["text_removed" if state.status == "accepted" else f"feedback_{state.status}"] += 1
            continue
        accepted_at = max((decision.at for decision in record.decisions if decision.by in state.by), default=record.at)
        id_ = f"{CORRECTION}{record.id}"
        example = Example(
            id_, settings.domain.task.instruction, record.texts.prompt, state.text, available_at=accepted_at[:10]
        )
        found.material.append(
            Material(
                id_,
                "correction",
                example,
                FEEDBACK,
                accepted_at[:10],
                user=places.hashed(record.user),
                original=record.texts.given,
                version=record.version,
            )
        )


# --- documents and labels ---


def _documents(settings: Settings, root: Path, places: UpdateFolder) -> _Found:
    """Return the examples of a domain's sources, labels included, that may be trained on."""
    documents = list(_cleaned(settings, root))
    left = list(_left_for_people(places))
    annotated, gold = _annotated(settings, root, documents, left)
    domain = open_domain(settings.domain, annotated)
    made = list(dated(domain))
    answered = {example.id for example in made}
    dates = {document.id: document.available_at for document in annotated}
    made += [
        replace(example, available_at=example.available_at or dates[example.id])
        for example in domain.unlabelled()
        if example.id not in answered
    ]
    found = _Found()
    if domain.outside:
        found.skipped["outside_labels"] += sum(domain.outside.values())
    kept = list(_trainable(settings, places, domain, made, found))
    fresh = {example.id for example, _ in kept}
    gate([document for document in annotated if document.id in fresh], settings.domain)
    for example, source in kept:
        kind: Kind = "label" if example.id in gold else "document"
        found.material.append(Material(example.id, kind, example, source, example.available_at))
    found.material += _decided(left, gold)
    found.labels = _labels(domain, [*_all_before(places), *(example for example, _ in kept)])
    return found


def _labels(domain: Domain, examples: Iterable[Example]) -> dict[str, Any]:
    """Return the closed set of a domain, and those of the examples that have others."""
    closed = domain.labels()
    of_domain = [example for example in examples if not example.id.startswith(_NOT_OF_THE_DOMAIN)]
    own = {example.id: domain.labels_of(example) for example in of_domain}
    return {"closed": closed, "own": {id_: labels for id_, labels in own.items() if labels != closed}}


def _all_before(places: UpdateFolder) -> Iterator[Example]:
    """Yield the examples of the base, of the held-out sets, and of what was trained on since."""
    files = [places.base, *sorted((places.path / "held_out").glob("*/*.jsonl"))]
    yield from (example for file in files for example in read_examples(file))
    for name in places.names():
        path = places.days / name / "select" / "selected.jsonl"
        yield from (one.material.example for one in (read_lines(path, Selected) if path.exists() else ()))


def _cleaned(settings: Settings, root: Path) -> Iterator[Document]:
    """Yield the clean documents of all sources."""
    section = settings.domain
    sources.refuse_not_fetched(section, root)
    steps = chain(section.cleaning, root, section.every_source)
    readers = declaration(section.kind).readers
    for source in section.every_source:
        rejected: list[Rejection] = []
        for document in sources.read(source, root, rejected, readers):
            outcome_ = treated(document, steps)
            if not outcome_.emptied:
                yield outcome_.document


def _annotated(
    settings: Settings, root: Path, documents: list[Document], left: list[Document]
) -> tuple[list[Document], dict[str, Document]]:
    """Return the documents with gold labels, and the labelled ones by id; none where people agree too little."""
    own = settings.domain.annotation
    if own is None or not own.exports:
        return documents, {}
    veil = Veil.of(settings.domain.cleaning.privacy, root)
    gold = annotation.annotate([*documents, *left], own, root, settings.seed, veil)
    if gold.again:
        return documents, {}
    every = list(gold.documents)
    labels = {document.id: document for document in every if labelled(document)}
    return [document for document in every if document.source != LEFT_FOR_PEOPLE], labels


def _left_for_people(places: UpdateFolder) -> Iterator[Document]:
    """Yield what earlier days left for people, as the documents that their tasks are about."""
    for name in places.names():
        path = places.days / name / "select" / "people.jsonl"
        for one in read_lines(path, Selected) if path.exists() else ():
            yield task_document(one.material)


def task_document(item: Material) -> Document:
    """Return the document that an annotation task about an item shows."""
    asked = {"instruction": item.example.instruction, "input": item.example.input}
    shown = item.example.asked or item.example.instruction
    return Document(f"people/{item.id}", shown, LEFT_FOR_PEOPLE, "", "", item.id, item.available_at, asked)


def _decided(left: list[Document], gold: dict[str, Document]) -> Iterator[Material]:
    """Yield what people labelled of what earlier days left for them."""
    for document in left:
        if document.id in gold:
            fields = document.fields
            output = labelled(gold[document.id])["output"]
            example = Example(f"label/{document.position}", fields["instruction"], fields["input"], output)
            example = replace(example, available_at=document.available_at)
            yield Material(example.id, "label", example, "annotation", document.available_at)


def _trainable(
    settings: Settings, places: UpdateFolder, domain: Domain, made: list[Example], found: _Found
) -> Iterator[tuple[Example, str]]:
    """Yield examples with their source, without what is or belongs to the held-out part, or may not be trained on."""
    source_of = {document.id: document.source for document in domain.documents}
    held_out = {source.name for source in settings.domain.given_sources.values()}
    refused = not_trained(settings.domain.sources)
    placed = domain.placed(made)
    begins = _after_held_out(settings, places)
    for example in made:
        ids = (example.id, example.conversation, example.id.rpartition("#")[0])
        source = next((source_of[id_] for id_ in ids if id_ in source_of), "")  # empty: made of several documents
        if source in held_out or placed.get(example.id, "train") != "train":
            found.skipped["held_out_by_the_domain"] += 1
        elif source in refused or (refused and not source):
            found.skipped["not_permitted"] += 1
        elif begins and example.available_at[:10] <= begins:
            found.skipped["not_after_the_held_out_period"] += 1
        else:
            yield example, source or settings.domain.name


def _after_held_out(settings: Settings, places: UpdateFolder) -> str:
    """Return the date after which material of a domain that is split by time begins; empty for any other."""
    split = settings.domain.split
    if split.by != "time":
        return ""
    files = [places.held_out() / f"{part}.jsonl" for part in ("validation", "test")]
    dates = [example.available_at[:10] for file in files for example in read_examples(file) if example.available_at]
    if not dates:
        return ""
    return (date.fromisoformat(max(dates)) + timedelta(days=split.embargo_days)).isoformat()
