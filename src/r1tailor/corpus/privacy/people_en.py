"""Names in Latin script, found by what stands around them and by the most frequent names.

Contexts come first: a title, a label, a salutation, a credential, a verb that only a person does. They find a name of
any culture. Two capitalised words of which one is in the census list are a name as well. Then every other mention of a
word that was found in a name is a name too. Eponyms stay: Parkinson's disease, Foley catheter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from r1tailor.corpus.privacy import announced_en
from r1tailor.corpus.privacy.findings import Finding
from r1tailor.corpus.privacy.lexicon_en import is_dosed, is_drug, is_eponym, is_named_after, is_ordinary, is_phrase
from r1tailor.corpus.privacy.lists import one_of, sections, words
from r1tailor.corpus.privacy.name_end_en import NAMES_TOO

_CONTEXTS = sections("contexts_en.txt")

_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĀ-ŽȘȚḀ-ỿ", "a-zß-öø-ÿā-žșțḁ-ỿ"
_LETTER = f"{_UPPER}{_LOWER}"
_WORD = (
    rf"(?:(?:St\. )?[{_UPPER}][{_LETTER}'-]{{1,29}}|[{_UPPER}]\.?(?![{_LETTER}'])|[Aa]l-[{_UPPER}][{_LETTER}]{{1,29}})"
)
_PARTICLE = r"(?:de|da|di|do|du|del|della|dos|das|la|le|van|von|der|den|ter|ten|zu|bin|bint|ibn|al|el|abu|y|e)"
_SEQUENCE = re.compile(rf"(?<![{_LETTER}0-9'-]){_WORD}(?:[ ]{{1,2}}(?:{_PARTICLE} ){{0,3}}{_WORD}){{0,7}}")
_PARTICLES_BEFORE = re.compile(rf"(?<![{_LETTER}])(?:{_PARTICLE} ){{1,3}}$")
_PARTS = re.compile(rf"[{_LETTER}][{_LETTER}'-]*[{_LETTER}]")
_ANY_CAPITAL = re.compile(r"[A-ZÀ-Þ][A-Za-zÀ-ž'.]")

_BEFORE = 28  # characters in front of a name in which its context stands
_TITLE = (
    r"Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|Dame|Judge|Justice|Hon|Rev|Nurse|Attorney|Herr|Frau|Mme|Madame"
)
_TITLE += r"|MR|MRS|MS|DR|PROF|JUDGE|Magistrate|Advocate|Barrister|Detective|Sergeant|Captain|Lieutenant|Inspector"
_TITLES = tuple(_TITLE.split("|"))
_ROLE = f"{one_of([*_CONTEXTS['role'], *_CONTEXTS['kin']])}|signature|signed|name|surname"
_DONE, _OWNED = one_of(_CONTEXTS["done"] + _CONTEXTS["done too"]), one_of(_CONTEXTS["owned"])
_SWORN = "witnessed|attested|sworn|cosigned|co-signed|notarized"
_PHRASE = (
    rf"named|called|name is|(?:{_DONE}) by:?|(?:{_OWNED}) of|interviewed|discussed with|spoke with|spoken with|spoke to"
)
_PHRASE += (
    r"|contacted|representing|notified|consent from|I,|dear|sincerely,|regards,|yours,|thanks?(?: you)?,|cc:|attn:?"
)
_PHRASE += r"|/s/|per|under|sued|against|met with|informed|hello|hi|hired|meet|granted|arrested|convicted"
_TITLED = re.compile(rf"(?<![{_LETTER}])(?:{_TITLE})\.?[ ]{{1,3}}$")
_LABELLED = re.compile(
    rf"(?<![{_LETTER}])(?:{_ROLE}|{_SWORN})(?:'s)?(?: (?:full |first |last )?name)? ?(?:[:=;]|\(s\):| - )[ \n]{{0,3}}$",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"(?<![{_LETTER}])(?:{_ROLE})(?:,|'s name is| is| was| named)?[ ]{{1,2}}$", re.IGNORECASE)
_PHRASED = re.compile(rf"(?<![{_LETTER}])(?:{_PHRASE})[ \n]{{1,3}}$", re.IGNORECASE)
_VERSUS = re.compile(r" vs?\.? $")
_CREDENTIAL = re.compile(
    r",? ?\b(?:M\.?D|D\.?O|R\.?N|Ph\.?D|N\.?P|PA-C|Esq|J\.?D|LL\.?M|MBBS|FACS|FACP|DDS|PharmD|LCSW|MSW|DNP)\b(?!-)"
)
_PERSON = re.compile(
    r"(?:,| is| was)? \(?(?:an? )?[0-9]{1,3}\+?[ -](?:year|y/?o|yr)|, (?:the|his|her|their|our|an?) [A-Za-z]{3}"
    r"|,? \(?(?:DOB|MRN|SSN|d\.o\.b)"
    r"| (?:was (?:admitted|seen|born|discharged|referred|diagnosed|evaluated|transferred|examined|brought"
    r"|treated|found|convicted"
    r"|sworn|employed|injured|hospitalized|enrolled)|presented|presents|complain(?:s|ed)|den(?:ies|ied)|underwent|testifi(?:es|ed)"
    r"|lives|lived|resides|called|telephoned|phoned|smokes|appealed|sued|signed|vs?\.|returned|came|told|reports|reported|states"
    r"|stated|has (?:a history|been)|had (?:a |been)|takes|works|worked|asked|said|wrote|agreed|approved"
    r"|confirmed|feels|died|is (?:married|a patient|allergic))"
    r"(?![a-z])"
)
_ONLY_PEOPLE = re.compile(
    r" (?:says|feels|lives|resides|smokes"
    r"|den(?:ies|ied)|complain(?:s|ed)|telephoned|phoned|testifi(?:es|ed)|states|stated|wrote"
    r"|reports that|reported that|was born|was accompanied|is married|works as|worked as|told|asked|agreed"
    r"|refused)(?![a-z])"
    r"|, an? (?:[a-z]+ )?(?:monk|nun|nurse|teacher|farmer|student|engineer|widow|widower|retired)"
)
_DECOCTION = re.compile(r" (?:Tang|Wan|San|Pian|Yin|Jian|Gao|Dan|Keli|Jiaonang)\b")
_LISTED_ON = re.compile(r",? (?:and|or|plus) [A-Z]|, [A-Z]")
_SECTIONS = sections("names.txt")
GIVEN, SURNAMES = frozenset(_SECTIONS["given"]), frozenset(_SECTIONS["surname"])
_SURNAMES_TOO = {"holder", "friend", "cousin", "clerk"}
_NO_NAME = words("no_names.txt") | {title.lower() for title in _TITLE.split("|")}
_NO_NAME |= {role for role in _ROLE.split("|") if role.isalpha()} - _SURNAMES_TOO
# What stands before a list of drugs in the same sentence.
_OF_DRUGS = re.compile(
    r"\b(?:plan|allerg[a-z]+|med(?:ication)?s?|rx|drugs?|prescri[a-z]+|takes?|taking|started?|continued?|hold|given|include[sd]?)"
    r"\b[^.\n]*$",
    re.IGNORECASE,
)
_SENTENCE = 60
_SHORTEST_MENTION = 3
_LONGEST_ABBREVIATION = 4


@dataclass(frozen=True, slots=True)
class _Run:
    """Capitalised words in a row that all could be a name's."""

    start: int
    end: int
    words: tuple[str, ...]


def find(text: str) -> Iterator[Finding]:
    """Yield the names of people."""
    known: set[str] = set()
    for start, end in announced_en.spans(text):
        yield Finding("name", start, end)
        known.update(word.casefold() for word in _PARTS.findall(text[start:end]) if not is_ordinary(word))
    yield from _mentioned(text, known)
    if not _ANY_CAPITAL.search(text):
        return
    runs = [_without_eponym(text, run) for match in _SEQUENCE.finditer(text) for run in _runs(match)]
    named = [run for run in runs if _is_name(text, run)]
    named += [run for first, second in pairwise(runs) for run in _last_first(text, first, second)]
    for run in named:
        particles = _PARTICLES_BEFORE.search(text, max(0, run.start - 15), run.start)
        yield Finding("name", particles.start() if particles else run.start, run.end)
        known.update(word.casefold() for word in run.words if len(word) >= _SHORTEST_MENTION)
    if known:
        yield from _mentions(text, runs, known)


def _mentioned(text: str, known: set[str]) -> Iterator[Finding]:
    """Yield each place, in any case, where a word stands that was announced as part of a name."""
    longer = [re.escape(word) for word in sorted(known) if len(word) > _SHORTEST_MENTION]
    if longer:
        for match in re.compile(rf"(?<![{_LETTER}])(?:{'|'.join(longer)})(?![{_LETTER}])", re.IGNORECASE).finditer(
            text
        ):
            if not is_named_after(text, match.end()):
                yield Finding("name", *match.span())


def _runs(match: re.Match[str]) -> Iterator[_Run]:
    """Yield the parts of a capitalised sequence between words that belong to no name."""
    parts: list[re.Match[str]] = []
    for part in re.finditer(r"[^ ]+", match.group()):
        bare = part.group().removesuffix("'s").strip(".").lower()
        if bare in _NO_NAME and not (len(bare) == 1 and part.group().endswith(".")):
            yield from _run(parts, match.start())
            parts = []
        else:
            parts.append(part)
    yield from _run(parts, match.start())


def _run(parts: list[re.Match[str]], offset: int) -> Iterator[_Run]:
    if parts and any(len(part.group()) > 2 or (part.group().isalpha() and len(part.group()) == 2) for part in parts):
        last = parts[-1].group()
        end = parts[-1].end() - (2 if last.endswith("'s") else 1 if last.endswith("'") else 0)
        yield _Run(
            offset + parts[0].start(),
            offset + end,
            tuple(part.group().removesuffix("'s").rstrip(".'") for part in parts),
        )


def _without_eponym(text: str, run: _Run) -> _Run:
    """Return a run without its last word, and with no word at all, where that one is the eponym of what follows."""
    if not is_named_after(text, run.end):
        return run
    left = text[run.start : run.end].rpartition(" ")[0].rstrip()
    return _Run(run.start, run.start + len(left), run.words[:-1] if left else ())


def _is_name(text: str, run: _Run) -> bool:
    if not run.words or _is_medicine(run.words) or (len(run.words) > 1 and _DECOCTION.match(text, run.end)):
        return False
    if is_dosed(text, run.end) and not _is_listed(run.words):
        return False
    start = max(0, run.start - _BEFORE)
    owned = "'s " in text[run.start : run.end]  # Cat's Claw
    alike = not owned and (_is_unknown(run.words) or _is_in_capitals(text, run))
    if len(run.words) > 1 and (_is_listed(run.words) or alike):
        return True
    before = text[start : run.start].rstrip(" \n")
    if before.rstrip(".").endswith(_TITLES) and (title := _TITLED.search(text, start, run.start)):
        return not (is_ordinary(run.words[0]) and len(title.group().strip(". ")) > _LONGEST_ABBREVIATION)
    if before.endswith((":", "=", ";", "-")) and _LABELLED.search(text, start, run.start):
        return not all(map(_says_nothing, run.words))
    if len(run.words) == 1 and not _VERSUS.search(text, start, run.start):
        return _is_addressed(text, run, start)
    if all(map(_says_nothing, run.words)):
        return False
    if _CREDENTIAL.match(text, run.end) or _PERSON.match(text, run.end):
        return True
    near = _PHRASED.search(text, start, run.start) or _NAMED.search(text, start, run.start)
    return bool(near or _VERSUS.search(text, start, run.start))


def _says_nothing(word: str) -> bool:
    """Whether a word behind the label of a role is no name: Comfortable, Refused, Holter."""
    return (is_ordinary(word) or is_drug(word) or is_eponym(word)) and word.lower() not in NAMES_TOO


def _is_addressed(text: str, run: _Run, start: int) -> bool:
    """Whether one word alone is a name: a frequent one behind a phrase or a role, or before a credential."""
    word = run.words[0]
    if is_drug(word):
        return False
    if word.title() not in GIVEN and word.title() not in SURNAMES:
        unknown = not is_ordinary(word) and not is_eponym(word) and not word.isupper() and len(word) > 2
        return unknown and bool(_ONLY_PEOPLE.match(text, run.end))
    near = _PHRASED.search(text, start, run.start) or _NAMED.search(text, start, run.start)
    return bool(near or _CREDENTIAL.match(text, run.end) or _PERSON.match(text, run.end))


def _is_listed(parts: tuple[str, ...]) -> bool:
    if all(is_ordinary(part) or is_eponym(part) for part in parts):
        return False
    first, last = parts[0].title(), parts[-1].title()
    return first in GIVEN or (last in SURNAMES and first not in SURNAMES)


def _is_unknown(parts: tuple[str, ...]) -> bool:
    """Whether two to four words in a row are written like a name and are none that medicine and law write so."""
    if len(parts) > 2 and parts[0].isupper() and 1 < len(parts[0]) <= _LONGEST_ABBREVIATION:  # PCP Etsuko Vu
        parts = parts[1:]
    if all(is_ordinary(part) or is_eponym(part) for part in parts) or _is_medicine(parts):
        return False
    return 2 <= len(parts) <= 4 and any(len(part) > 1 for part in parts) and all(map(_is_spelt_like_a_name, parts))


def _is_medicine(parts: tuple[str, ...]) -> bool:
    """Whether words are the name of a drug (Advair Diskus) or of a Chinese medicine in Latin script (Huang Qi)."""
    if any(map(is_drug, parts)) and all(is_drug(part) or is_ordinary(part) or len(part) == 1 for part in parts):
        return True
    if is_drug(parts[0]) and parts[-1].title() not in SURNAMES and len(parts) > 1:
        return True
    return is_phrase([part.lower() for part in parts])


def _is_in_capitals(text: str, run: _Run) -> bool:
    """Whether two words are in capitals as a name is (YUMIKO TANAKA); where all around them is, that says nothing."""
    if len(run.words) != 2 or not all(word.isupper() and word.replace("'", "").isalpha() for word in run.words):
        return False
    lengths = [len(word) for word in run.words]
    around = text[max(0, run.start - _BEFORE) : run.start] + text[run.end : run.end + _BEFORE]
    if any(is_ordinary(word) or is_eponym(word) or is_drug(word) for word in run.words):
        return False
    return min(lengths) > 1 and max(lengths) > 4 and not around.isupper()


def _is_spelt_like_a_name(word: str) -> bool:
    """Whether a word is an initial, or begins with a capital in each of its parts: neither MRI nor C-reactive."""
    if len(word) == 1 or (not word.isupper() and all(part[:1].isupper() for part in word.split("-"))):
        return True
    first, hyphen, second = word.partition("-")  # Eun-bi
    short = 1 < len(first) <= 6 and 1 < len(second) <= 6 and second.isalpha()
    return bool(hyphen) and short and first.istitle() and not (is_ordinary(first) or is_ordinary(second))


def _last_first(text: str, first: _Run, second: _Run) -> Iterator[_Run]:
    """Yield ``Okonkwo, James`` as one name."""
    if text[first.end : second.start] in (", ", ",") and 1 <= len(first.words) <= 2 >= len(second.words) >= 1:
        joined = _Run(first.start, second.end, first.words + second.words)
        if _OF_DRUGS.search(text, max(0, first.start - _SENTENCE), first.start):
            return
        if all(is_drug(word) or is_ordinary(word) for word in joined.words):
            return
        if _LISTED_ON.match(text, second.end) and not any(word.title() in GIVEN for word in second.words):
            return
        if _is_name(text, joined) or second.words[0].title() in GIVEN:
            yield joined


def _mentions(text: str, runs: list[_Run], known: set[str]) -> Iterator[Finding]:
    """Yield every other mention of a word that stands in a name."""
    for run in runs:
        for part in re.finditer(r"[^ ]+", text[run.start : run.end]):
            word = part.group().removesuffix("'s").rstrip(".'")
            end = run.start + part.start() + len(word)
            if word.casefold() in known and not is_named_after(text, end):
                yield Finding("name", run.start + part.start(), end)
