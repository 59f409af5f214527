"""Names in Latin script, found by what stands around them and by the most frequent names.

Contexts come first: a title, a label, a salutation, a credential, a verb that only a person does. They find a name of
any culture. Two capitalised words of which one is in the census list are a name as well. Then every other mention of a
word that was found in a sure context is a name too. Eponyms stay: Parkinson's disease, Foley catheter.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import Finding
from r1tailor.corpus.privacy.lists import sections, words

_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĀ-ŽȘȚḀ-ỿ", "a-zß-öø-ÿā-žșțḁ-ỿ"
_WORD = rf"[{_UPPER}][{_UPPER}{_LOWER}'-]{{1,29}}"
_PARTICLE = r"(?:(?:de|da|di|do|du|del|della|dos|das|la|le|van|von|der|den|ter|ten|zu|bin|bint|ibn|al|el|abu|y|e) ){1,3}"
_NAME = rf"(?P<name>(?:{_PARTICLE}|[Aa]l-|[dD]')?(?:{_WORD}|[A-Z]\.)(?:[ ]{{1,2}}(?:{_PARTICLE})?(?:{_WORD}|[A-Z]\.?(?![A-Za-z'])|al-{_WORD})){{0,4}})"
_FULL = rf"(?P<name>(?:{_WORD}|[A-Z]\.)(?:[ ]{{1,2}}(?:{_PARTICLE})?(?:{_WORD}|[A-Z]\.)){{1,4}})"
_LETTER = "A-Za-zÀ-ž"
_TITLE = r"Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|Dame|Judge|Justice|Hon|Rev|Nurse|Attorney|Herr|Frau|Mme|Madame"
_TITLE += r"|MR|MRS|MS|DR|PROF|JUDGE|Magistrate|Advocate|Barrister|Detective|Sergeant|Captain|Lieutenant|Inspector"
_ROLE = r"patient|pt|client|physician|doctor|provider|attending|surgeon|consultant|resident|nurse|therapist|pharmacist|plaintiff"
_ROLE += r"|defendant|petitioner|respondent|appellant|appellee|witness|claimant|complainant|debtor|creditor|guardian|victim"
_ROLE += r"|counsel|clerk|notary|trustee|executor|tenant|landlord|student|teacher|employee|spouse|wife|husband|son|daughter"
_ROLE += r"|mother|father|brother|sister|partner|caregiver|next of kin|emergency contact|contact|insured|subscriber"
_ROLE += r"|guarantor|author|signature|signed|name|surname|fore ?name|first name|last name|full name|informant|applicant"
_ROLE += r"|referring|operator|donor|recipient|coder|radiologist|pathologist|interpreter|supervisor|proband|accused|juror"
_PHRASE = r"named|called|name is|seen by|signed by|reviewed by|dictated by|transcribed by|examined by|referred by|prepared by"
_PHRASE += r"|accompanied by|verified by|performed by|attended by|interviewed|assisted by|ordered by|discussed with|spoke with"
_PHRASE += r"|spoke to|contacted|representing|represented by|behalf of|filed by|brought by|witnessed by|notified|consent from"
_PHRASE += r"|I,|Dear|DEAR|Sincerely,|Regards,|Yours,|Thank you,|cc:|CC:|Attn:?|ATTN:?|/s/|per|treated by|operated by|care of"
_PHRASE += r"|under|sued|against|between|met with|called by|informed|reported by|entered by|authored by|approved by|drawn by"
_STRONG = (
    re.compile(rf"(?<![{_LETTER}])(?:{_TITLE})\b\.?[ ]{{1,3}}{_NAME}"),
    re.compile(rf"(?<![{_LETTER}])(?i:{_ROLE})(?i:'s)?(?i: name)? ?(?:[:=]| - )[ \n]{{0,3}}{_NAME}"),
    re.compile(rf"{_NAME},? ?\b(?:M\.?D|D\.?O|R\.?N|Ph\.?D|N\.?P|PA-C|Esq|J\.?D|LL\.?M|MBBS|FACS|FACP|DDS|PharmD|LCSW|MSW|DNP)\b"),
    re.compile(rf"{_FULL}(?:,| is| was)? \(?(?:an? )?[0-9]{{1,3}}\+?[ -](?:year|y/?o|yr)"),
    re.compile(
        rf"(?:(?<![{_LETTER}])|^){_FULL} (?:was (?:admitted|seen|born|discharged|referred|diagnosed|evaluated|transferred|examined"
        r"|brought|treated|found guilty|convicted|sworn|employed|injured|hospitalized|enrolled)|presented|complain(?:s|ed)|den(?:ies|ied)|underwent"
        r"|testifi(?:es|ed)|lives|lived|resides|called|telephoned|phoned|smokes|appealed|sued|signed|v\.|vs\.|returned to|came in|told)(?![a-z])"
    ),
    re.compile(rf"(?: v\.| vs\.) {_NAME}"),
)
_WEAK = (
    re.compile(rf"(?<![{_LETTER}])(?:{_PHRASE})[ \n]{{1,3}}{_FULL}"),
    re.compile(rf"(?<![{_LETTER}])(?i:{_ROLE})(?:,| is| was|)[ ]{{1,2}}{_FULL}"),
)
_LISTED = re.compile(rf"(?<![{_LETTER}'-]){_FULL}")
_LAST_FIRST = re.compile(rf"(?<![{_LETTER}'-])(?P<name>(?P<last>{_WORD}),[ ]{{1,2}}(?P<first>{_WORD})(?: [A-Z]\.?(?![a-z]))?)")
_MENTION = re.compile(rf"(?<![{_LETTER}'-]){_WORD}")
_EPONYM = re.compile(
    r"(?:'s|-[A-Za-zÀ-ž]+)*(?: (?:and|or) [A-Z][a-z]+)?(?:'s)?[ -](?:[a-z-]+ )?(?:diseases?|syndromes?|signs?|tests?|scores?|scales?"
    r"|criteria|classification|lymphoma|tumou?rs?|sarcoma|fractures?|catheters?|procedures?|operations?|pals(?:y|ies)|nodes?|nodules?|cysts?"
    r"|hernias?|phenomenon|reflex|contracture|esophagus|oesophagus|thyroiditis|maneuver|manoeuvre|position|method|stage|grade|type|cells?"
    r"|bod(?:y|ies)|ulcers?|anemia|anaemia|chorea|ataxia|dystrophy|deformity|lesions?|rash|virus|encephalitis|fever|arthritis"
    r"|purpura|index|stain|line|angle|ring|tube|drain|diverticulum|gland|fistula|triad|law|rule|amendment|Disease|Syndrome)\b"
)
_SECTIONS = sections("names.txt")
GIVEN, SURNAMES = frozenset(_SECTIONS["given"]), frozenset(_SECTIONS["surname"])
_NO_NAME = words("no_names.txt")
_SHORTEST_MENTION = 3


def find(text: str) -> Iterator[Finding]:
    """Yield the names of people."""
    sure = [span for pattern in _STRONG for match in pattern.finditer(text) if (span := _span(text, match))]
    likely = [span for pattern in _WEAK for match in pattern.finditer(text) if (span := _span(text, match))]
    likely = [span for span in likely if not _EPONYM.match(text, span[1])]
    for start, end in (*sure, *likely, *_listed(text)):
        yield Finding("name", start, end)
    yield from _mentions(text, {word for start, end in (*sure, *likely) for word in text[start:end].split()})


def _span(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    """Return where a name stands once words that belong to no name are cut off; None if nothing is left."""
    start, end = match.start("name"), match.start("name")
    for part in re.finditer(r"[^ ]+", match["name"]):
        if part.group().lower().strip(".") in _NO_NAME or _is_shout(part.group(), text, start):
            break
        end = match.start("name") + part.end()
    surface = text[start:end].removesuffix("'s")
    return (start, start + len(surface)) if len(surface.strip(". ")) > 1 else None


def _is_shout(word: str, text: str, start: int) -> bool:
    """Whether a word in capitals stands among words that are none: an abbreviation (MRI, ECG) and no name."""
    return word.isupper() and 1 < len(word) < 5 and word.isalpha() and not text[start : start + 2].isupper()


def _listed(text: str) -> Iterator[tuple[int, int]]:
    for match in _LISTED.finditer(text):
        span = _span(text, match)
        parts = text[span[0] : span[1]].split() if span else []
        if span and len(parts) > 1 and _is_listed(parts) and not _EPONYM.match(text, span[1]):
            yield span
    for match in _LAST_FIRST.finditer(text):
        last, first = match["last"].title(), match["first"].title()
        if first in GIVEN and not {last.lower(), first.lower()} & _NO_NAME:
            yield match.span("name")


def _is_listed(parts: list[str]) -> bool:
    return parts[0].title() in GIVEN or (parts[-1].title() in SURNAMES and parts[0].title() not in SURNAMES)


def _mentions(text: str, known: set[str]) -> Iterator[Finding]:
    """Yield every other mention of words that were found in names."""
    known = {word.removesuffix("'s").rstrip(".,") for word in known}
    known = {word for word in known if len(word) >= _SHORTEST_MENTION and word[0].isupper()}
    if not known:
        return
    for match in _MENTION.finditer(text):
        word = match.group().removesuffix("'s")
        if word in known and not _EPONYM.match(text, match.start() + len(word)):
            yield Finding("name", match.start(), match.start() + len(word))
