"""Documents with one name each, drawn from a set of names and sentences (``third``, ``fourth``, ``heldout``)."""

import random
from collections.abc import Iterator, Sequence

from privacy_corpus import CHINESE_DIAGNOSES, Seeded
from privacy_sets import BenchmarkSet

_FORMS = ("{g} {s}", "{g} {m}. {s}", "{i}. {s}", "{G} {S}", "{s}, {g}", "{g} {s}-{t}")
_WEIGHTS = (12, 3, 2, 2, 2, 1)


def names(drawn_from: BenchmarkSet, seed: int, terms: Sequence[str], each: int) -> Iterator[Seeded]:
    """Yield ``each`` documents per language; every sentence is used about equally often."""
    for language in ("en", "zh"):
        sentences, pools = drawn_from.texts("name", language), _pools(drawn_from, language)
        rng = random.Random(f"{seed}/unseen/{language}")
        for number in range(each):
            name = _latin(rng, *pools) if language == "en" else _chinese(rng, *pools)
            term = rng.choice(terms if language == "en" else CHINESE_DIAGNOSES)
            before, _, after = sentences[number % len(sentences)].replace("{term}", term).partition("{x}")
            culture = "Latin" if language == "en" else "Chinese"
            yield Seeded("name", language, f"{before}{name}{after}", name, len(before), "clean", culture)


def _pools(drawn_from: BenchmarkSet, language: str) -> tuple[Sequence[str], Sequence[str]]:
    return drawn_from.texts("given", language), drawn_from.texts("surname", language)


def _latin(rng: random.Random, givens: Sequence[str], surnames: Sequence[str]) -> str:
    given, surname, second = (rng.choice(pool) for pool in (givens, surnames, surnames))
    form = rng.choices(_FORMS, _WEIGHTS)[0]
    middle = rng.choice("ABCDEFGHJKLMNPRSTVW")
    named = {"g": given, "s": surname, "t": second, "m": middle, "i": given[0]}
    return form.format(**named, G=given.upper(), S=surname.upper())


def _chinese(rng: random.Random, givens: Sequence[str], surnames: Sequence[str]) -> str:
    return rng.choice(surnames) + rng.choice(givens)
