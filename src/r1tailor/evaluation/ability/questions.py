"""The fixed draw: which questions are asked, with which options. The same settings give the same questions anywhere.

Places of a set are drawn by hash, so that another set, or fewer questions of one, changes no other question. A question
without options of its own is offered its answer among those of other questions; their order is drawn by hash, too.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from r1tailor.errors import DataError
from r1tailor.evaluation.ability.readers import READERS, Choice, Open, Question
from r1tailor.records import Example, Rejection
from r1tailor.schema.ability import Ability, AbilitySet, GeneratedSet
from r1tailor.sources import generated
from r1tailor.sources.packaged_sets import file_of, parsed, sample

LETTERS = "ABCDE"
_OFFERED = 4  # options of a question that has none of its own
_INSTRUCTIONS = {
    "en": "Answer the question with the letter of the right option only.",
    "zh": "请只回答正确选项的字母。",
}


@dataclass(frozen=True)
class Item:
    """One question as it is asked.

    Attributes:
        id: name of the set, and place in it from 1.
        set: name of the set.
        language: ``en`` or ``zh``.
        question: what is asked, without the options.
        options: what is offered.
        right: place of the right one.
    """

    id: str
    set: str
    language: str
    question: str
    options: tuple[str, ...]
    right: int

    @property
    def letters(self) -> tuple[str, ...]:
        """The letter of each option."""
        return tuple(LETTERS[: len(self.options)])

    @property
    def example(self) -> Example:
        """The question as the model reads it."""
        listed = "\n".join(f"{letter}. {text}" for letter, text in zip(self.letters, self.options, strict=True))
        return Example(self.id, _INSTRUCTIONS[self.language], f"{self.question}\n{listed}", self.letters[self.right])


@dataclass(frozen=True)
class Drawn:
    """What is asked.

    Attributes:
        items: the questions, set by set.
        sets: what is known of each set, with the questions of it that cannot be asked (``left_out``).
    """

    items: tuple[Item, ...]
    sets: tuple[dict[str, Any], ...]

    @property
    def sha256(self) -> str:
        """The hash of all questions: two results with the same one are of the same questions."""
        content = [asdict(item) for item in self.items]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def draw(ability: Ability) -> Drawn:
    """Return the questions of a composition.

    Raises:
        DataError: a set cannot be had, is not of its format, or has fewer questions than are to be drawn; or the
            questions are not those of ``ability.questions_sha256``.
    """
    items: list[Item] = []
    facts = []
    for one in ability.every:
        found = list(_packaged(one) if isinstance(one, AbilitySet) else _generated(one))
        drawn = _drawn(one, found, ability.seed)
        items += drawn
        told = one.model_dump(mode="json", include={"name", "language", "package", "version", "licence"})
        told |= {"n": min(len(drawn), ability.most_of_a_set or len(drawn)), "of": len(found)}
        facts.append({**told, "left_out": found.count(None)})
    whole = Drawn(tuple(items), tuple(facts))
    if ability.questions_sha256 not in (None, whole.sha256):
        raise DataError(
            f"ability: the questions drawn here (sha256 {whole.sha256}) are not those of ability.questions_sha256 = "
            f"{ability.questions_sha256}; to ask others, set it to null"
        )
    return Drawn(tuple(_first(items, ability)), whole.sets)


def _first(items: Sequence[Item], ability: Ability) -> Iterable[Item]:
    """Yield the questions of each set that a smaller draw has."""
    for one in ability.every:
        own = [item for item in items if item.set == one.name]
        ids = [item.id.removeprefix(f"{one.name}-") for item in own]
        for place in sample(f"{ability.seed} {one.name}", ids, ability.most_of_a_set or len(own)):
            yield own[place]


def _packaged(wanted: AbilitySet) -> Iterable[Question | None]:
    path = file_of(wanted)
    return parsed(path, lambda: list(READERS[wanted.reader](path.read_text("utf-8"))))


def _generated(wanted: GeneratedSet) -> Iterable[Question | None]:
    for document in generated.read(wanted):
        if isinstance(document, Rejection):  # its own answer is not verified
            yield None
            continue
        answer = str(document.fields["answer"])
        group = f"{document.fields['task']} {document.fields['level']}"
        yield Open(document.text, answer, frozenset({answer}), group)


def _drawn(wanted: AbilitySet | GeneratedSet, found: Sequence[Question | None], seed: int) -> list[Item]:
    """Return the drawn questions of a set.

    Raises:
        DataError: there are fewer.
    """
    usable = [place for place, one in enumerate(found) if one is not None]
    if len(usable) < wanted.items:
        raise DataError(f"ability: {wanted.name} has {len(usable)} questions, items = {wanted.items} are to be drawn")
    groups = dict.fromkeys(one.group for one in found if isinstance(one, Open))
    pools = {group: _answers(found, group) for group in groups}
    items = []
    for place in sample(f"{seed} {wanted.name}", [str(place + 1) for place in usable], wanted.items):
        id_, one = f"{wanted.name}-{usable[place] + 1}", found[usable[place]]
        assert one is not None
        made = _offered(one, pools[one.group], f"{seed} {id_}") if isinstance(one, Open) else one
        items.append(Item(id_, wanted.name, wanted.language, made.question, made.options, made.right))
    return items


def _answers(found: Iterable[Question | None], group: str) -> list[str]:
    return sorted({one.answer for one in found if isinstance(one, Open) and one.group == group})


def _offered(one: Open, pool: Sequence[str], seed: str) -> Choice:
    """Return an open question with its answer among those of others, none of which would be right.

    Raises:
        DataError: too few others are different.
    """
    others = sorted((answer for answer in pool if answer not in one.accepted), key=_by_hash(seed))[: _OFFERED - 1]
    if len(others) < _OFFERED - 1:
        raise DataError(f"ability: {one.question!r:.80} has only {len(others)} other answers to stand next to its own")
    options = sorted((one.answer, *others), key=_by_hash(f"{seed} order"))
    return Choice(one.question, tuple(options), options.index(one.answer))


def _by_hash(seed: str) -> Callable[[str], str]:
    return lambda text: hashlib.sha256(f"{seed} {text}".encode()).hexdigest()
