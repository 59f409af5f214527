"""Split by cluster, group or time, never by row: near-identical examples stay in one part.

Two examples are near-identical if the Jaccard index of their character trigrams (ignoring case and punctuation)
reaches a threshold; ``likeness.py`` has the details. Clusters are the connected components of that relation, joined
with the groups that the source names; a cluster goes to one part as a whole. Where groups or dates alone decide,
near-identical examples may fall into two parts: then the one in the earlier part (train before validation before test)
is left out.

A part may be given: examples that experts wrote for it (``given``). The others are then divided into the remaining
parts, and what is near-identical to a given example, or of its group, is in no earlier part.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from r1tailor.errors import DataError
from r1tailor.instruction.likeness import near_identical
from r1tailor.layout import PARTS
from r1tailor.records import Example
from r1tailor.schema.domain import Boundaries, Split

_NONE: Mapping[str, str] = MappingProxyType({})


def split(
    examples: Sequence[Example],
    settings: Split,
    seed: int,
    left_out: dict[str, list[str]] | None = None,
    given: Mapping[str, str] = _NONE,
) -> dict[str, list[Example]]:
    """Return the parts by name; an example's part depends only on the seed and its cluster, group or date.

    Parts have a seeded random order, so that the first n items of a part are a fair sample of it. The ids of examples
    in no part are added to ``left_out`` by reason: ``embargo``, ``near_identical`` or ``same_group``.

    Args:
        examples: all of them.
        settings: what decides.
        seed: of the draw.
        left_out: is extended.
        given: the part of each example that comes from a file of its own, by id.

    Raises:
        DataError: an example lacks the group or the date that decides its part.
    """
    free = [example for example in examples if example.id not in given]
    match settings.by:
        case "similarity":
            drawn = _by_cluster(free, settings, seed)
        case "group":
            drawn = _by_group(free, settings, seed)
        case "time":
            drawn = _by_time(free, settings)
    place_of = {**{example.id: place for example, place in zip(free, drawn, strict=True)}, **given}
    places = [place_of[example.id] for example in examples]
    if given or settings.by != "similarity":
        places = _without_straddlers(examples, places, settings.similarity)
    if given:
        places = _without_their_groups(examples, places, given)
    parts: dict[str, list[Example]] = {part: [] for part in PARTS}
    for example, place in zip(examples, places, strict=True):
        if place in parts:
            parts[place].append(example)
        elif left_out is not None:
            left_out.setdefault(place, []).append(example.id)
    for members in parts.values():
        members.sort(key=lambda example: _uniform(f"{seed}/order/{example.id}"))
    return parts


def _by_cluster(examples: Sequence[Example], settings: Split, seed: int) -> list[str]:
    clusters = cluster(examples, settings.similarity)
    name_of: dict[int, str] = {}
    for example, number in zip(examples, clusters, strict=True):
        name_of[number] = min(example.id, name_of.get(number, example.id))
    return [_part(f"{seed}/part/{name_of[number]}", settings) for number in clusters]


def _by_group(examples: Sequence[Example], settings: Split, seed: int) -> list[str]:
    without = [example.id for example in examples if not example.group]
    if without:
        raise DataError(f"domain.split.by = group: {len(without):,} examples name no group; the first is {without[0]}")
    return [_part(f"{seed}/part/{example.group}", settings) for example in examples]


def _by_time(examples: Sequence[Example], settings: Split) -> list[str]:
    """Return the part of each example by its date.

    It is ``embargo`` for examples too shortly before a boundary, and for those whose answer was not known by then: an
    answer that looks ahead has the date until which it does (``fields["label_until"]``, ISO).
    """
    dates = [_date(example) for example in examples]
    validation, test = _boundaries(dates, settings)
    embargo = timedelta(settings.embargo_days)

    def place(known: date, answered: date) -> str:
        if known >= test:
            return "test"
        part, end = ("validation", test) if known >= validation else ("train", validation)
        return part if known < end - embargo and answered < end else "embargo"

    return [place(known, _answered(example, known)) for example, known in zip(examples, dates, strict=True)]


def _answered(example: Example, known: date) -> date:
    """Return the day on which the answer was known: the example's own, unless the answer looks ahead."""
    until = example.fields.get("label_until")
    return date.fromisoformat(until) if until else known


def _date(example: Example) -> date:
    try:
        return date.fromisoformat(example.available_at)
    except ValueError as error:
        raise DataError(f"domain.split.by = time: example {example.id} has no date (available_at)") from error


def _boundaries(dates: Sequence[date], settings: Split) -> tuple[date, date]:
    """Return the given boundaries, or the dates at which the shares of validation and test begin."""
    if settings.boundaries:
        given: Boundaries = settings.boundaries
        return date.fromisoformat(given.validation), date.fromisoformat(given.test)
    ordered = sorted(dates) or [date.max]
    shares = settings.drawn_validation, settings.drawn_test

    def begins(share: float) -> date:
        return ordered[min(len(ordered) - 1, round((1 - share) * len(ordered)))]

    test = begins(shares[1]) if shares[1] else date.max
    return (begins(sum(shares)) if shares[0] or not settings.validation_from else test), test


def _without_straddlers(examples: Sequence[Example], places: list[str], similarity: float) -> list[str]:
    """Return the places, with ``near_identical`` for examples that have a near-identical one in a later part."""
    result = list(places)
    for pair in near_identical(examples, similarity):
        if all(places[index] in PARTS for index in pair):
            earlier, later = sorted(pair, key=lambda index: PARTS.index(places[index]))
            if places[earlier] != places[later]:
                result[earlier] = "near_identical"
    return result


def _without_their_groups(examples: Sequence[Example], places: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Return the places, with ``same_group`` for examples whose group has a given example in a later part."""
    latest: dict[str, int] = {}
    for example, place in zip(examples, places, strict=True):
        if example.group and example.id in given and place in PARTS:
            latest[example.group] = max(latest.get(example.group, 0), PARTS.index(place))

    def kept(example: Example, place: str) -> str:
        return "same_group" if place in PARTS and PARTS.index(place) < latest.get(example.group, 0) else place

    return [kept(example, place) for example, place in zip(examples, places, strict=True)]


def _part(key: str, settings: Split) -> str:
    share = _uniform(key)
    if share < settings.drawn_test:
        return "test"
    return "validation" if share < settings.drawn_test + settings.drawn_validation else "train"


def cluster(examples: Sequence[Example], similarity: float) -> list[int]:
    """Return the cluster number of each example."""
    if not examples:
        return []
    pairs = near_identical(examples, similarity)
    groups: dict[str, int] = {}
    for index, example in enumerate(examples):
        if example.group:
            pairs.append((groups.setdefault(example.group, index), index))
    size = len(examples)
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = sparse.coo_matrix((np.ones(len(pairs), np.int8), (edges[0], edges[1])), shape=(size, size))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def _uniform(key: str) -> float:
    """Return a number in [0, 1) that depends only on the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
