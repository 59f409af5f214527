"""Measure the detector of names on sentences that nobody tuned it on: ``python -m tests.benchmarks.names``.

``data/names_unseen_<language>.txt`` holds 300 sentences of each language, half of them with names (one or more, each
in ``[[ ]]``), half of them traps: drugs, herbs, eponyms, verbs behind a role. A name is found if all of its letters
lie in findings. A trap is spoilt if a name is found in it. Each share comes with its 95 % Wilson interval.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from r1tailor.corpus.privacy import find
from r1tailor.evaluation.resampling import wilson

FOLDER = Path(__file__).parent / "data"
LANGUAGES = ("en", "zh")
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


def sentences(language: str) -> Iterator[Sentence]:
    """Yield the sentences of a language."""
    for line in (FOLDER / f"names_unseen_{language}.txt").read_text("utf-8").splitlines():
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
    """Print the table of each language, and what was missed or found wrongly."""
    for language in LANGUAGES:
        hits: dict[str, list[bool]] = defaultdict(list)
        spoilt: dict[str, list[bool]] = defaultdict(list)
        wrong: list[str] = []
        for sentence in sentences(language):
            found = [(one.start, one.end) for one in find(sentence.text, ["name"])]
            for start, end in sentence.names:
                hits[sentence.kind].append(_is_covered(sentence.text, start, end, found))
                if not hits[sentence.kind][-1]:
                    wrong.append(f"missed {sentence.text[start:end]!r} in {sentence.text!r}")
            if not sentence.names:
                spoilt[sentence.kind].append(bool(found))
                wrong += [f"found {sentence.text[start:end]!r} in {sentence.text!r}" for start, end in found]
        print(f"\n{language}: what{'':20}n   share   95 % Wilson interval")
        for title, table in (("names found", hits), ("traps spoilt", spoilt)):
            for kind, outcomes in table.items():
                _print(f"{title}, {kind}", outcomes)
        _print("names found, all", [hit for outcomes in hits.values() for hit in outcomes])
        _print("traps spoilt, drugs", [one for kind in _DRUGS for one in spoilt[kind]])
        _print("traps spoilt, all", [one for outcomes in spoilt.values() for one in outcomes])
        print(*wrong, sep="\n")


def _is_covered(text: str, start: int, end: int, found: Sequence[tuple[int, int]]) -> bool:
    covered = {place for first, last in found for place in range(first, last)}
    return all(place in covered for place in range(start, end) if text[place].isalnum())


def _print(title: str, outcomes: Sequence[bool]) -> None:
    low, high = wilson(sum(outcomes), len(outcomes), 0.95)
    print(f"{title:26}{len(outcomes):5}{sum(outcomes) / len(outcomes):8.3f}   {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
