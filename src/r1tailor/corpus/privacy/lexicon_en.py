"""Words of English texts that are no names: everyday and clinical words, drugs and herbs, eponyms."""

import re
from collections.abc import Sequence
from functools import lru_cache

from r1tailor.corpus.privacy.lists import one_of, sections

_WORDS, _CONTEXTS = sections("words_en.txt"), sections("contexts_en.txt")
_PHRASES = frozenset(_WORDS["phrase"])
_ORDINARY, _DRUGS, _EPONYMS = (frozenset(_WORDS[name]) for name in ("ordinary", "drug", "eponym"))
# Stems of drug classes (INN), long enough that no surname ends so.
_DRUG_STEM = re.compile(
    r"(?:vastatin|prilat|[ae]pril|opril|sartan|olol|dipine|azole|mycin|micin|cillin|floxacin|cycline|[a-z]{3}mab|tinib"
    r"|ciclib|parib|gliptin|gliflozin|glutide|glitazone|ovir|vudine|caine|azepam|zolam|barbital|triptan|setron|oxetine"
    r"|pramine|triptyline|peridol|thiazide|parin|xaban|gatran|fibrate|profen|coxib|[a-z]{3}olone|tropium|lukast|penem"
    r"|bactam|fungin|platin|rubicin|taxel|tecan|trexate|limus|kinra|dronate|phylline|formin|caftor|metinib|rafenib)$"
)
_WORD_ENDING = re.compile(
    r"(?:tions?|sions?|ments?|ness|osity|ously?|icals?|ically|itis|osis|emia|aemia|uria|[a-z]{3}oma|opathy|opathic"
    r"|ectomy|otomy|ostomy|oscopy|ography|ology|ologist|ectasis|plasty|algia|genic|ables?|ibles?|ably|ibly|[a-z]{3}ism"
    r"|[a-z]{2}ative|[a-z]{3}ance|[a-z]{3}ence|ful|fully|[a-z]{2}less|rrhea|rrhage|plegia|paresis|esthesia|cytosis"
    r"|penia|trophy|megaly|tensive|lateral|centesis|genesis|kinesia|phasia|phagia|pnea)$"
)
# Parkinson's disease, Wilson and Hodgkin lymphoma, Sturge-Weber syndrome
_NAMED_AFTER = re.compile(
    r"(?:'s|-[A-Za-zÀ-ž]+)*(?: (?:and|or) [A-Z][a-z]+)?(?:'s)?[ -](?:(?![a-z]+(?:s|ed) |with |had |for )[a-z-]{1,20} )?"
    rf"(?:{one_of(_CONTEXTS['named after'])})\b"
)
_NAMED_AFTER_IN_CAPITALS = re.compile(rf"(?:'S|-[A-Z]+)* (?:{one_of(_CONTEXTS['named after']).upper()})\b")
_OF_A_DRUG = re.compile(
    rf" (?:[0-9][0-9.,]* ?(?:mg|mcg|g|ml|units?|iu|meq|%)|(?:{one_of(_CONTEXTS['of a drug'])}))(?![a-z])", re.IGNORECASE
)
_PHRASE = re.compile(r"[A-Za-z']+(?: [A-Za-z']+){1,4}")
_INFLECTED = (
    *(("ies", "y"), ("ied", "y"), ("es", ""), ("s", ""), ("ing", "e"), ("ing", "")),
    *(("ed", "e"), ("ed", ""), ("d", ""), ("ly", ""), ("er", ""), ("'s", "")),
)
_SHORTEST_STEM = 3


def is_drug(word: str) -> bool:
    """Whether a word (in any case) is part of the name of a drug or an herb."""
    lower = word.lower()
    return lower in _DRUGS or bool(_DRUG_STEM.search(lower))


def is_eponym(word: str) -> bool:
    """Whether things are named after a person of this name: Parkinson, Crohn."""
    return word.lower() in _EPONYMS


@lru_cache(4096)
def is_ordinary(word: str) -> bool:
    """Whether a word (in any case) is one of the language, also inflected; names that are words as well are."""
    lower = word.lower().strip(".'")
    if lower in _ORDINARY or _WORD_ENDING.search(lower):
        return True
    for ending, instead in _INFLECTED:
        stem = lower.removesuffix(ending) + instead
        if lower.endswith(ending) and len(stem) >= _SHORTEST_STEM and (stem in _ORDINARY or _doubled(stem)):
            return True
    return "-" in lower and all(part in _ORDINARY for part in lower.split("-"))


def _doubled(stem: str) -> bool:
    return stem[-1] == stem[-2] and stem[:-1] in _ORDINARY  # stopp(ed)


def is_listed(word: str) -> bool:
    """Whether a word in lower case is one of the language as it stands."""
    return word in _ORDINARY


def is_named_after(text: str, end: int) -> bool:
    """Whether what ends at a place of a text is what a disease, a sign or a procedure is named after."""
    return bool(_NAMED_AFTER.match(text, end) or _NAMED_AFTER_IN_CAPITALS.match(text, end))


def is_dosed(text: str, end: int) -> bool:
    """Whether a dose, a form or another word that only a drug has follows a place of a text."""
    return bool(_OF_A_DRUG.match(text, end))


def begins_phrase(text: str, start: int) -> bool:
    """Whether a herb, a prescription, a place or a firm of several words begins at a place of a text."""
    match = _PHRASE.match(text, start)
    return match is not None and is_phrase(match.group().lower().split())


def is_phrase(words: Sequence[str]) -> bool:
    """Whether words in lower case begin with one of those phrases."""
    return any("-".join(words[:length]) in _PHRASES for length in range(2, len(words) + 1))
