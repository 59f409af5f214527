"""Words of English texts that are no names: everyday and clinical words, drugs and herbs, eponyms."""

import re
from functools import lru_cache

from r1tailor.corpus.privacy.lists import sections

_WORDS = sections("words_en.txt")
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
