"""Names in Latin script that a label, a title or a role announces: ``Patient: lee soo-jin``, ``dr. hope``.

What announces decides, and neither case nor a list: behind a title or the label of a name stands a name unless a
word says otherwise (``dr. visits``, ``name: unknown``); behind a role (``pt``, ``surgeon:``) stands one unless the
word there is one of the language, a drug, or an eponym. A name ends before the first word that is none.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_ordinary
from r1tailor.corpus.privacy.lists import sections, words

_SECTIONS, _CONTEXTS = sections("names.txt"), sections("contexts_en.txt")
LISTED = frozenset(word.lower() for name in ("given", "surname") for word in _SECTIONS[name])
_NO_NAME = words("no_names.txt")
_LETTER = "A-Za-zÀ-ÖØ-öø-ÿĀ-žȘșȚțḀ-ỿ"
_PARTICLES = frozenset(_CONTEXTS["particle"])
_WORD = re.compile(rf"(?<![{_LETTER}0-9])(?:[{_LETTER}][{_LETTER}'-]{{0,29}})")
_GAP = re.compile(r"\.? ?(?=[^\s])|, (?=[A-Za-z])")
_BOUND = r"(?<![A-Za-z0-9'/-])"

_TITLE = re.compile(
    rf"{_BOUND}(?P<title>mr|mrs|ms|miss|mx|drs?|prof|professor|rev|reverend|dame|mme|madame|herr|frau|hon|messrs)"
    r"(?P<sign>\. ?|[ ]{1,2})(?=[A-Za-zÀ-ỿ])",
    re.IGNORECASE,
)
_SEVERAL = ("drs", "messrs")
# What is announced as a name, whatever it is called: "name: ...", "surname = ...".
_NAME_LABEL = re.compile(
    rf"{_BOUND}(?<!drug )(?<!brand )(?<!trade )(?<!generic )(?<!product )(?<!file )(?<!test )(?<!company )(?<!event )"
    r"(?<!hospital )(?<!facility )(?<!user )(?<!plan )(?<!code )(?<!project )(?<!set )(?<!column )(?<!class )"
    r"(?:sur|given |first |last |middle |full |maiden |family |legal )?names?(?: of (?:patient|student|client))?"
    r"(?:\s?\([a-z, ]{1,20}\))?(?:[ ]{0,2}[:=][ ]{0,3}| - )",
    re.IGNORECASE,
)
_ROLES = (
    r"patient|pt|client|resident|attending|surgeon|consultant|physician|doctor|provider|pcp|nurse|midwife|therapist"
    r"|pharmacist|an(?:a)?esthesiologist|an(?:a)?esthetist|radiologist|pathologist|interpreter|dietitian|case manager"
    r"|social worker|care ?giver|carer|informant|proband|donor|recipient|operator|assistant|coder|author"
    r"|plaintiff|defendant|petitioner|respondent|appellant|appellee|claimant|complainant|witness|victim|accused|juror"
    r"|attorney|counsel|solicitor|barrister|judge|justice|magistrate|clerk|notary|trustee|executor|guardian|debtor"
    r"|creditor|tenant|landlord|borrower|lender|buyer|seller|guarantor|insured|subscriber|policyholder|account holder"
    r"|cardholder|beneficiary|employee|supervisor|manager|student|pupil|teacher|tutor|principal|headmaster|coach"
    r"|mother|father|mom|dad|parents?|wife|husband|spouse|partner|fianc[eé]e?|sons?|daughters?|brothers?|sisters?"
    r"|(?:grand|step)(?:son|daughter|mother|father)|grandchild|aunt|uncle|niece|nephew|cousin|neighbou?r|roommate"
    r"|girlfriend|boyfriend|friend|children|child|siblings|next of kin|(?:emergency )?contact(?: person)?|nok|poa"
    r"|captain|sergeant|detective|inspector|lieutenant|officer|sister|pastor|rabbi|imam|deacon|chaplain"
)
_BY = (
    r"(?:seen|signed|reviewed|dictated|transcribed|examined|referred|prepared|accompanied|verified|performed|attended"
    r"|assisted|ordered|written|cosigned|completed|recorded|interpreted|taught|drafted|authorized|approved|requested"
    r"|entered|collected|checked|drawn) by"
)
_LISTS_PEOPLE = r"present|attendees|participants|on call|backup|cc|from|to|attn|re|signed|signature|dear|ordered"
_ROLE_LABEL = re.compile(
    rf"{_BOUND}(?:(?:ordering|referring|attending|primary|treating|emergency|responsible) )?"
    rf"(?P<role>{_ROLES}|{_BY}|{_LISTS_PEOPLE})(?:\(s\)|'s)?[ ]{{0,2}}(?:[:=]|-(?= ))[ ]{{0,3}}",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"{_BOUND}(?P<role>{_ROLES}|{_BY})[ ]{{1,2}}(?=[{_LETTER}])", re.IGNORECASE)
_ANY = re.compile(r"(?i)\b(?:name|m[rsx]s?|miss|drs?|prof|rev|herr|frau|mme|dame|messrs|hon)\b|:|=| - ")
_ANY_ROLE = re.compile(rf"(?i)(?<![a-z])(?:{_ROLES}|{_BY})[ ]")
_NOT_TITLED = frozenset(_CONTEXTS["not titled"])
_ADDRESSED = frozenset(_CONTEXTS["addressed"])
_EMPTY = frozenset(_CONTEXTS["empty"])
_WORDLIKE = frozenset(_CONTEXTS["word too"])
_PERSON_VERBS = re.compile(
    r"(?: (?:gave|was|is|has|had|denies|reports|states|said|says|told|called|came|lives|presents|presented|reported"
    r"|stated"
    r"|denied|complains|c/o|requesting|requests|asked|walked|ambulating|amb|tolerated|tolerating|refused|refuses|notified"
    r"|aware|seen|rounded|signed|arrived|returned|agrees|admitted|s/p|w/|who|at bedside)\b|[,;.:()\n/]|  |$)",
    re.IGNORECASE,
)
_MOST_WORDS = 5
_VOWEL = re.compile("[aeiouyà-ỿ]", re.IGNORECASE)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where announced names stand."""
    if _ANY.search(text):
        for match in _TITLE.finditer(text):
            yield from _titled(text, match)
        for match in _NAME_LABEL.finditer(text):
            yield from _named(text, match.end())
        for match in _ROLE_LABEL.finditer(text):
            yield from _listed(text, match.end(), labelled=True)
    if _ANY_ROLE.search(text):
        for match in _ROLE.finditer(text):
            yield from _listed(text, match.end(), labelled=False)


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    place = match.end()
    while found := _WORD.match(text, place):
        first = found.group().lower().removesuffix("'s")
        if first in _NOT_TITLED and not (first in _ADDRESSED and _stands_alone(text, found)):
            return
        end = _end(text, found, cautious=False)
        yield place, end
        follows = re.compile(r"(?:,| and|, and) (?=[A-ZÀ-Þ])").match(text, end)
        if match["title"].lower() not in _SEVERAL or not follows:
            return
        place = follows.end()


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """Whether a word that helps a verb elsewhere is a name: ``Mrs. May reports``, but not ``dr. may go``."""
    if not found.group()[0].isupper():
        return bool(_PERSON_VERBS.match(text, found.end())) or _is_followed_by_a_name(text, found.end())
    return True


def _is_followed_by_a_name(text: str, end: int) -> bool:
    following = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    return following is not None and following.group().lower() in LISTED | _WORDLIKE


def _named(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Yield what stands behind the label of a name."""
    first = _WORD.match(text, place)
    if first is None or first.group().lower() in _EMPTY or is_drug(first.group()):
        return
    if is_ordinary(first.group()) and first.group().islower() and not _is_wordlike(first.group()):
        following = _WORD.match(text, first.end() + 1)
        if following is None or is_ordinary(following.group()):
            return
    comma = re.compile(rf",[ ]{{1,2}}(?=[{_LETTER}])").match(text, first.end())
    if comma and (second := _WORD.match(text, comma.end())) and not _is_word(second.group()):
        yield place, _end(text, second, cautious=False)
    else:
        yield place, _end(text, first, cautious=False)


def _listed(text: str, place: int, *, labelled: bool) -> Iterator[tuple[int, int]]:
    """Yield the name behind a role, and of a list behind a label every further one."""
    while first := _WORD.match(text, _behind_title(text, place)):
        if not _is_name(text, first, labelled=labelled):
            return
        end = _end(text, first, cautious=True)
        comma = re.compile(r", (?=[A-ZÀ-Þ])").match(text, end)
        second = _WORD.match(text, comma.end()) if comma else None
        if second and first.group().isupper() == second.group().isupper() and not _is_word(second.group()):
            end = _end(text, second, cautious=True)
        yield first.start(), end
        more = re.compile(r"(?: ?\([^()\n]{1,20}\))?(?:[,;]| and|, and| &) (?=[A-ZÀ-Þ])").match(text, end)
        if not (labelled and more):
            return
        place = more.end()


def _behind_title(text: str, place: int) -> int:
    title = _TITLE.match(text, place)
    return title.end() if title else place


def _is_name(text: str, first: re.Match[str], *, labelled: bool) -> bool:
    """Whether a word behind a role begins a name."""
    word = first.group().removesuffix("'s")
    lower, follows = word.lower(), text[first.end() : first.end() + 1]
    if follows == ":" or is_drug(word) or (is_eponym(word) and lower not in LISTED and follows != ","):
        return False
    initial = len(word) == 1 and follows == "." and labelled
    if initial:
        surname = re.compile(rf"\.? ?(?:[A-Za-z]\. ?)?(?P<word>[{_LETTER}'-]{{2,}})").match(text, first.end())
        return bool(surname) and not is_ordinary(surname["word"] if surname else "")
    if len(word) == 1 or (not _VOWEL.search(word) and lower not in LISTED and lower != "ng"):
        return False
    if lower in LISTED:
        return labelled or word[0].isupper() or _continues(text, first)
    if _is_wordlike(word):
        return (labelled and word[0].isupper()) or _continues(text, first)
    if _is_word(word):
        return False
    return (word[0].isupper() and not _is_abbreviation(word)) or labelled or _continues(text, first)


def _continues(text: str, first: re.Match[str]) -> bool:
    """Whether what follows a word in lower case speaks for a name: a person's verb, an end, another such word."""
    if len(first.group()) < 3:
        return False
    if first.group().lower() in LISTED and _PERSON_VERBS.match(text, first.end()):
        return True
    second = _WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    if second and not _is_word(second.group()) and len(second.group()) > 2 and not is_eponym(second.group()):
        return True
    verb = _PERSON_VERBS.match(text, first.end())
    return bool(verb) and verb is not None and verb.group()[:1] == " "


def _is_wordlike(word: str) -> bool:
    return word.lower() in _WORDLIKE


def _is_abbreviation(word: str) -> bool:
    return word.isupper() and len(word) <= 4


def _is_word(word: str) -> bool:
    """Whether a word is one of the language or a drug's, and so no name of its own."""
    lower = word.lower().removesuffix("'s")
    if lower in LISTED:
        return False
    return is_ordinary(lower) or is_drug(lower) or lower in _NO_NAME


def _end(text: str, first: re.Match[str], *, cautious: bool) -> int:
    """Return where the name that begins with a word ends.

    Args:
        text: in which it stands.
        first: its first word.
        cautious: whether its case must stay: what follows ``Patel`` in lower case is no part of it.
    """
    end, capital = _trimmed(first), first.group()[0].isupper()
    if first.group() in _PARTICLES and (after := _WORD.match(text, first.end() + 1)):
        capital = (
            (_WORD.match(text, after.end() + 1) or after if after.group() in _PARTICLES else after).group()[0].isupper()
        )
    if text[first.end() - 2 : first.end()] == "'s":
        return end
    place, waiting = first.end(), 0
    for _ in range(_MOST_WORDS):
        gap = re.compile(r"\.? |-|\.(?=[A-Za-z])").match(text, place)
        word = _WORD.match(text, gap.end()) if gap else None
        if gap is None or word is None or (text[place] == "." and place - first.start() > 2 and end == place):
            break
        spelt, lower = word.group(), word.group().lower()
        if text[word.end() : word.end() + 1] in (":", "=") or text[word.end() : word.end() + 2] == " :":
            break
        if lower in _PARTICLES and text[word.end() : word.end() + 1] in (" ", "-"):
            place = word.end()
            waiting += 1
            continue
        goes_on = spelt[0].isupper() == capital and (not _is_word(spelt) or (capital and _is_wordlike(spelt)))
        goes_on |= len(spelt) == 1 and spelt.isupper() == capital and text[word.end() : word.end() + 1] in (".", " ")
        if not capital:
            goes_on &= not is_eponym(spelt) and bool(_VOWEL.search(spelt))
            goes_on |= _is_wordlike(spelt) and not cautious and lower not in _ADDRESSED
        if not goes_on:
            break
        place, end, waiting = word.end(), _trimmed(word), 0
        if spelt.endswith("'s"):
            break
    return end


def _trimmed(word: re.Match[str]) -> int:
    return word.end() - (2 if word.group().endswith("'s") else 1 if word.group().endswith(("'", "-")) else 0)
