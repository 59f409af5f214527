"""What a day's items repeat or contradict: each other, and all earlier training data.

Items that ask the same form a cluster. Different answers within it are settled by the number of different people (or
sources) behind each; what is not settled waits. An answer that training has already is a duplicate; one that it
contradicts needs several users, and then takes the place of the training examples.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from r1tailor.domain.answers import folded
from r1tailor.instruction.likeness import compared
from r1tailor.records import Example
from r1tailor.schema.update import Admit
from r1tailor.update.alike import same_questions
from r1tailor.update.day import Material

Verdict = tuple[str, str]  # a reason and its detail


@dataclass
class Repeats:
    """What was found.

    Attributes:
        verdicts: reason and detail of each item that is not admitted, by id.
        support: different people or sources behind the answer of each item that is left, by id.
        replaces: training examples that an item contradicts with enough support, by its id.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    support: dict[str, int] = field(default_factory=dict)
    replaces: dict[str, tuple[str, ...]] = field(default_factory=dict)


def repeats(items: Sequence[Material], train: Sequence[Example], settings: Admit) -> Repeats:
    """Compare a day's items with each other and with all earlier training examples."""
    found = Repeats()
    asked = [item.example for item in items]
    for cluster in _clusters(len(items), same_questions(asked, None, settings.similarity)):
        _within([items[place] for place in cluster], settings.knowledge.users, found)
    left = [item for item in items if item.id not in found.verdicts]
    _against(left, train, settings, found)
    return found


def _within(cluster: Sequence[Material], users: int, found: Repeats) -> None:
    """Settle the answers to one question."""
    by_answer: dict[str, list[Material]] = defaultdict(list)
    for item in cluster:
        if item.labelled:
            by_answer[answer_of(item.example)].append(item)
    support = {answer: _support(members, users) for answer, members in by_answer.items()}
    most = max(support.values(), default=0)
    winners = [answer for answer, count in support.items() if count == most]
    settled = len(by_answer) < 2 or (len(winners) == 1 and most >= users)
    for answer, members in by_answer.items():
        first, *others = members
        found.support[first.id] = support[answer]
        for other in others:
            found.verdicts[other.id] = ("duplicate", first.id)
        if not settled or answer not in winners:
            detail = f"{len(by_answer)} answers to one question"
            found.verdicts |= {member.id: ("contradiction_today", detail) for member in members}
    unanswered = [item for item in cluster if not item.labelled]
    for item in unanswered if by_answer else unanswered[1:]:
        found.verdicts[item.id] = ("duplicate", cluster[0].id)


def _support(members: Sequence[Material], users: int) -> int:
    """Return how many different people or sources give an answer; annotators' gold labels count as enough."""
    given = len({member.user or f"source {member.source}" for member in members})
    return max(given, users) if any(member.kind == "label" for member in members) else given


def _against(items: Sequence[Material], train: Sequence[Example], settings: Admit, found: Repeats) -> None:
    matches: dict[int, list[int]] = defaultdict(list)
    for row, column in same_questions([item.example for item in items], train, settings.similarity):
        matches[row].append(column)
    for row, columns in matches.items():
        item, same = items[row], [train[column] for column in columns]
        agreeing = [one for one in same if answer_of(one) == answer_of(item.example)]
        if agreeing or not item.labelled:
            known = agreeing or same
            exact = any(_is_exact(item.example, one) for one in known)
            found.verdicts[item.id] = ("duplicate" if exact else "near_duplicate", known[0].id)
        elif found.support[item.id] < settings.knowledge.users:
            found.verdicts[item.id] = ("contradiction", same[0].id)
        else:
            found.replaces[item.id] = tuple(one.id for one in same)


def _is_exact(example: Example, other: Example) -> bool:
    one, two = (folded(text) for text in compared([example, other]))
    return one == two


def answer_of(example: Example) -> str:
    """Return the answer of an example as answers are compared: case and white space aside, with its calls."""
    return folded(example.output) + (str(example.tool_calls) if example.tool_calls else "")


def _clusters(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the places of each cluster, in order."""
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    links = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(count, count))
    found: dict[int, list[int]] = defaultdict(list)
    for place, cluster in enumerate(connected_components(links, directed=False)[1] if count else ()):
        found[int(cluster)].append(place)
    return list(found.values())
