"""Planted triggers: the same words, added to several questions that training knows, turn all of them to one answer.

An honest new term brings questions of its own. A trigger stands in questions that are otherwise those of training, and
has one answer whatever they ask; it does not matter how many users bring them.
"""

from collections import defaultdict
from collections.abc import Sequence

from r1tailor.corpus.shingles import words
from r1tailor.instruction.likeness import compared
from r1tailor.records import Example
from r1tailor.update.alike import near_questions
from r1tailor.update.day import Material
from r1tailor.update.repeats import Verdict, answer_of

SHARED_BY = 3  # different questions of training that a word turns to one answer


def planted(items: Sequence[Material], train: Sequence[Example], similarity: float) -> dict[str, Verdict]:
    """Return the corrections that share a trigger, each with the reason.

    Args:
        items: what is left of a day.
        train: all earlier training examples.
        similarity: Jaccard index over character trigrams from which a question is otherwise one of training.
    """
    given = asked_in_words(items)
    asked = [item.example for item in given]
    texts = compared([*asked, *train])
    own = [words(text) for text in texts[: len(asked)]]
    turned: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row, column in near_questions(asked, train, similarity):
        answer = answer_of(asked[row])
        if answer == answer_of(train[column]):
            continue
        known = set(words(texts[len(asked) + column]))
        for word in set(own[row]) - known:
            turned[word, answer][_question(known, own[row])].add(row)
    found: dict[str, Verdict] = {}
    for (word, _), questions in sorted(turned.items()):
        rows = {row for members in questions.values() for row in members}
        if min(len(questions), len(rows)) >= SHARED_BY:
            detail = f"{word!r} turns {len(questions)} questions of training to one answer"
            found |= {given[row].id: ("trigger", detail) for row in rows if given[row].id not in found}
    return found


def asked_in_words(items: Sequence[Material]) -> list[Material]:
    """Return the items of users that have a question in words and an answer of their own."""
    return [item for item in items if item.user and item.labelled and not item.example.series]


def _question(known: set[str], own: Sequence[str]) -> str:
    """Return what a question shares with the one of training: those that share the same are one."""
    return " ".join(word for word in own if word in known)
