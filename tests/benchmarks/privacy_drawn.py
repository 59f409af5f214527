"""Documents with one name each, drawn from a module of names and sentences (``privacy_third``, ``privacy_unseen``)."""

import random
from collections.abc import Iterator, Sequence
from types import ModuleType

from privacy_corpus import CHINESE_DIAGNOSES, Seeded

_FORMS = ("{g} {s}", "{g} {m}. {s}", "{i}. {s}", "{G} {S}", "{s}, {g}", "{g} {s}-{t}")
_WEIGHTS = (12, 3, 2, 2, 2, 1)


def names(drawn_from: ModuleType, seed: int, terms: Sequence[str], each: int) -> Iterator[Seeded]:
    """Yield ``each`` documents for both languages, every sentence about equally often."""
    for language, sentences in (("en", drawn_from.ENGLISH), ("zh", drawn_from.CHINESE)):
        rng = random.Random(f"{seed}/unseen/{language}")
        for number in range(each):
            name = _latin(rng, drawn_from) if language == "en" else _chinese(rng, drawn_from)
            term = rng.choice(terms if language == "en" else CHINESE_DIAGNOSES)
            before, _, after = sentences[number % len(sentences)].replace("{term}", term).partition("{x}")
            culture = "Latin" if language == "en" else "Chinese"
            yield Seeded("name", language, f"{before}{name}{after}", name, len(before), "clean", culture)


def _latin(rng: random.Random, pools: ModuleType) -> str:
    words = (pools.LATIN_GIVEN, pools.LATIN_SURNAMES, pools.LATIN_SURNAMES)
    given, surname, second = (rng.choice(pool.split()) for pool in words)
    form = rng.choices(_FORMS, _WEIGHTS)[0]
    middle = rng.choice("ABCDEFGHJKLMNPRSTVW")
    named = {"g": given, "s": surname, "t": second, "m": middle, "i": given[0]}
    return form.format(**named, G=given.upper(), S=surname.upper())


def _chinese(rng: random.Random, pools: ModuleType) -> str:
    surname: str = rng.choice(pools.CHINESE_SURNAMES)
    return surname + str(rng.choice(pools.CHINESE_GIVEN.split()))
