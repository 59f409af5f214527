"""How documents become clean (``corpus/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Location, Name
from r1tailor.schema.base import Section

CleaningRule = Literal[
    "decode_entities",
    "repair_mojibake",
    "normalise_unicode",
    "remove_running_lines",
    "remove_boilerplate",
    "join_broken_lines",
    "remove_control_characters",
    "narrow_full_width",
    "unify_units",
    "widen_chinese_punctuation",
    "straighten_quotes",
    "collapse_punctuation",
    "collapse_whitespace",
]


class Corpus(Section):
    """Where the steps over documents run: in this process, or under Ray Data (``corpus/engine.py``).

    ``batch_size`` is in documents. Neither changes a byte of what is written.
    """

    engine: Literal["local", "ray"]
    batch_size: Annotated[int, Field(gt=0, le=65536)]


class Duplicates(Section):
    """When two documents say the same (``corpus/deduplicate.py``): the first of them stays.

    ``similarity`` is the Jaccard index over 3-grams of words (of characters in Chinese), in [0.5, 1).
    """

    similarity: Annotated[float, Field(ge=0.5, lt=1)]


class _Vocabulary(Section):
    name: Name
    path: Location
    licence: str
    available_at: str
    on_damage: Literal["stop", "list"]


class UmlsVocabulary(_Vocabulary):
    """Names of the UMLS Metathesaurus (MRCONSO.RRF), of those languages (``ENG``, ``CHI``) and source vocabularies.

    ``sources`` null takes every source vocabulary; ``suppressed`` takes the names that UMLS marks as suppressible too.
    """

    kind: Literal["umls"]
    languages: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...], Field(strict=False, min_length=1)]
    sources: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None
    suppressed: bool


class Icd10cmVocabulary(_Vocabulary):
    """Descriptions and inclusion terms of the ICD-10-CM tabular list (XML)."""

    kind: Literal["icd10cm"]


class SynonymVocabulary(_Vocabulary):
    """Your own CSV with the columns ``term``, ``preferred`` and, where there are any, ``code``."""

    kind: Literal["synonyms"]


Vocabulary = Annotated[UmlsVocabulary | Icd10cmVocabulary | SynonymVocabulary, Field(discriminator="kind")]


class Fuzzy(Section):
    """When a misspelt word may be read as the vocabulary's: similarities in (0, 1], 1 for the same spelling.

    The best term must reach ``threshold``, and be better than any with another preferred form by ``margin``.
    """

    threshold: Annotated[float, Field(ge=0.8, le=1)]
    margin: Annotated[float, Field(ge=0, lt=1)]


class Terms(Section):
    """How terms of vocabularies are standardised (``corpus/terms.py``): recorded, or replaced by the preferred name.

    ``fuzzy`` null takes no misspelt term.
    """

    mode: Literal["annotate", "replace"]
    vocabularies: Annotated[tuple[Vocabulary, ...], Field(strict=False, min_length=1)]
    fuzzy: Fuzzy | None


Compliance = Literal["none", "hipaa", "securities"]
PrivacyMode = Literal["redact", "pseudonymise", "shift_dates"]
PrivacyKind = Literal[
    "name",
    "address",
    "zip",
    "date",
    "age",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health_plan",
    "account",
    "bank_card",
    "licence",
    "vin",
    "plate",
    "device",
    "url",
    "ip",
    "biometric",
    "photo",
    "resident_id",
    "social_credit",
    "passport",
    "code",
]


class Privacy(Section):
    """What becomes of each kind of personal identifier (``corpus/privacy/``); a kind that is not named is left alone.

    ``redact`` leaves what 45 CFR 164.514(b)(2) allows (a year, three digits of a ZIP code, ``90+``) or else ``[KIND]``;
    ``pseudonymise`` writes the same surrogate for the same surface, ``shift_dates`` moves all dates of a group by the
    same number of days: both by a secret key, which the environment variable ``key_variable`` holds, or whose file
    the variable of that name with ``_FILE`` behind it names. ``threshold`` is the largest share of documents that may
    have findings left for ``domain.compliance: hipaa`` to let the data pass.
    """

    kinds: dict[PrivacyKind, PrivacyMode]
    key_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
    threshold: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _modes_fit_their_kinds(self) -> "Privacy":
        for kind, mode in self.kinds.items():
            allowed = _MODES.get(kind, ("redact", "pseudonymise"))
            if mode not in allowed:
                raise ValueError(f"kinds.{kind} = {mode} is not possible; allowed: {', '.join(allowed)}")
        return self


_MODES: dict[str, tuple[PrivacyMode, ...]] = {"date": ("redact", "shift_dates"), "age": ("redact",), "zip": ("redact",)}


class Cleaning(Section):
    """The steps that every document goes through, in this order (``corpus/__init__.py``): each may be null.

    Named ``rules`` (``corpus/clean.py``), personal identifiers (``privacy``), standard ``terms``; then documents that
    repeat an earlier one are left out (``duplicates``).
    """

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]
    privacy: Privacy | None = None
    terms: Terms | None = None
    duplicates: Duplicates | None = None
