"""Measure the detector of names: ``python -m tests.benchmarks.names [final|former] [--show]``.

``data/names_<set>_<language>.txt`` holds 300 sentences of each language, half of them with names (one or more, each in
``[[ ]]``), half of them traps: drugs, herbs, eponyms, verbs behind a role. ``final`` is the reported set: it was
written before its author read the detector's rules, and measured once. ``former`` was reported before, and is a
development set now. A name is found if all of its letters lie in findings; a finding reaches too far if it covers
letters outside of the names; a trap is spoilt if a name is found in it. Each share comes with its 95 % Wilson interval.
``--show`` also lists what was missed or found wrongly: who reads that has made the set a development set.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from r1tailor.corpus.privacy import find
from r1tailor.planning.power import wilson

FOLDER = Path(__file__).parent / "data"
LANGUAGES, SETS = ("en", "zh"), ("final", "former")
_DRUGS = ("drug", "herb", "mixed")


@dataclass(frozen=True)
class Sentence:
    """A sentence of the set.

    Attributes:
        kind: the class that its line names.
        text: without the marks.
        names: where each name begins and ends; empty for a trap.
    """

    kind: str
    text: str
    names: tuple[tuple[int, int], ...]


def sentences(language: str, name: str = "final") -> Iterator[Sentence]:
    """Yield the sentences of a language in a set."""
    for line in (FOLDER / f"names_{name}_{language}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            kind, _, marked = line.partition(" | ")
            yield _without_marks(kind, marked)


def _without_marks(kind: str, marked: str) -> Sentence:
    text, names = "", []
    for number, part in enumerate(marked.replace("]]", "[[").split("[[")):
        if number % 2:
            names.append((len(text), len(text) + len(part)))
        text += part
    return Sentence(kind, text, tuple(names))


def main() -> None:
    """Print the table of each language."""
    name = next((argument for argument in sys.argv[1:] if argument in SETS), SETS[0])
    for language in LANGUAGES:
        _print_table(language, name, show="--show" in sys.argv)


def _print_table(language: str, name: str, *, show: bool) -> None:
    hits: dict[str, list[bool]] = defaultdict(list)
    spoilt: dict[str, list[bool]] = defaultdict(list)
    too_far: list[bool] = []
    wrong: list[str] = []
    for sentence in sentences(language, name):
        found = [(one.start, one.end) for one in find(sentence.text, ["name"])]
        for start, end in sentence.names:
            hits[sentence.kind].append(_is_covered(sentence.text, start, end, found))
            if not hits[sentence.kind][-1]:
                wrong.append(f"missed {sentence.text[start:end]!r} in {sentence.text!r}")
        if sentence.names:
            too_far.append(not all(_is_covered(sentence.text, start, end, sentence.names) for start, end in found))
        else:
            spoilt[sentence.kind].append(bool(found))
            wrong += [f"found {sentence.text[start:end]!r} in {sentence.text!r}" for start, end in found]
    print(f"\n{name}, {language}: what{'':13}n   share   95 % Wilson interval")
    for title, table in (("names found", hits), ("traps spoilt", spoilt)):
        for kind, outcomes in table.items():
            _print(f"{title}, {kind}", outcomes)
    _print("names found, all", [hit for outcomes in hits.values() for hit in outcomes])
    _print("a finding reaches too far", too_far)
    _print("traps spoilt, drugs", [one for kind in _DRUGS for one in spoilt[kind]])
    _print("traps spoilt, all", [one for outcomes in spoilt.values() for one in outcomes])
    if show:
        print(*wrong, sep="\n")


def _is_covered(text: str, start: int, end: int, found: Sequence[tuple[int, int]]) -> bool:
    covered = {place for first, last in found for place in range(first, last)}
    return all(place in covered for place in range(start, end) if text[place].isalnum())


def _print(title: str, outcomes: Sequence[bool]) -> None:
    low, high = wilson(sum(outcomes), len(outcomes), 0.95)
    print(f"{title:26}{len(outcomes):5}{sum(outcomes) / len(outcomes):8.3f}   {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
