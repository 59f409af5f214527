"""How documents become clean (``corpus/``)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

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


class Limits(Section):
    """What one input may cost: a raw file, a document, an export, the examples of a domain (``bounded.py``, on Linux).

    A raw file that reaches a limit is rejected; any other input that reaches one ends the stage.
    """

    seconds: float = Field(default=10, gt=0, description="Processor time for any input, in seconds.")
    seconds_per_mb: float = Field(
        default=8, ge=0, description="Processor time added for each megabyte of the input, in seconds."
    )
    memory_mb: float = Field(
        default=600, ge=100, description="Memory for any input, in megabytes, beyond what the process held before."
    )
    memory_mb_per_mb: float = Field(
        default=100, ge=0, description="Memory added for each megabyte of the input, in megabytes."
    )


class Corpus(Section):
    """Where and within which limits the steps over documents run. What passes the limits is the same with any value."""

    engine: Literal["local", "ray"] = Field(
        description="`local` runs the steps in this process, `ray` runs batches in parallel under Ray Data "
        "(`pip install 'r1-tailor[ray]'`)."
    )
    batch_size: int = Field(gt=0, le=65536, description="Documents processed together.")
    limits: Limits = Field(
        default=Limits(),
        description="What one input may cost: a file, a document, an export, the examples of a domain.",
    )


class Duplicates(Section):
    """When two documents are near duplicates (``corpus/deduplicate.py``); the first of them is kept."""

    similarity: float = Field(
        ge=0.5,
        lt=1,
        description="Least Jaccard index over 3-grams of words (of characters in Chinese) "
        "at which a document repeats an earlier one.",
    )


class _Vocabulary(Section):
    name: Name = Field(description="Name of the vocabulary; recorded with every term found.")
    path: Location = Field(description="The vocabulary's file, relative to the project.")
    licence: str = Field(description="Licence under which the vocabulary is used.")
    available_at: str = Field(description="ISO date of the vocabulary's release.")
    on_damage: Literal["stop", "list"] = Field(
        description="What happens to a damaged entry: `stop` ends the run and names its place, "
        "`list` counts and lists it and continues."
    )


class UmlsVocabulary(_Vocabulary):
    """Names of the UMLS Metathesaurus (MRCONSO.RRF)."""

    kind: Literal["umls"]
    languages: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = Field(
        strict=False, min_length=1, description="Languages to take, by UMLS code: `ENG`, `CHI`."
    )
    sources: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = Field(
        description="Source vocabularies to take, by UMLS abbreviation (`SNOMEDCT_US`); `null`: all."
    )
    suppressed: bool = Field(description="`true` also takes the names that UMLS marks as suppressible.")


class Icd10cmVocabulary(_Vocabulary):
    """Descriptions and inclusion terms of the ICD-10-CM tabular list (XML)."""

    kind: Literal["icd10cm"]


class SynonymVocabulary(_Vocabulary):
    """Your own CSV with the columns ``term``, ``preferred`` and, where there are any, ``code``."""

    kind: Literal["synonyms"]


Vocabulary = Annotated[UmlsVocabulary | Icd10cmVocabulary | SynonymVocabulary, Field(discriminator="kind")]


class Fuzzy(Section):
    """When a misspelt word is read as a term of the vocabulary; similarities lie in (0, 1], 1 is the same spelling."""

    threshold: float = Field(ge=0.8, le=1, description="Least similarity of the best term.")
    margin: float = Field(
        ge=0, lt=1, description="How much better than the best term with another preferred name it must be."
    )


class Terms(Section):
    """How terms of vocabularies are standardised (``corpus/terms.py``)."""

    mode: Literal["annotate", "replace"] = Field(
        description="`annotate` records the terms found and leaves the text, "
        "`replace` writes the preferred name in their place."
    )
    vocabularies: tuple[Vocabulary, ...] = Field(
        strict=False,
        min_length=1,
        description="The vocabularies to look up. A name that stands for two things is left alone and counted.",
    )
    fuzzy: Fuzzy | None = Field(description="When misspelt terms are accepted; `null`: never.")


Compliance = Literal["none", "hipaa", "pipl", "securities"]
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


_SHARE = "share_of_documents_with_findings"
_RENAMED = "threshold"  # what releases up to 0.1 called it


class Privacy(Section):
    """What happens to each kind of personal identifier (``corpus/privacy/``); a preset's name stands for all of it."""

    kinds: dict[PrivacyKind, PrivacyMode] = Field(
        description="Kind of identifier -> mode; a kind that is not named is left alone. "
        "`redact` keeps what 45 CFR 164.514(b)(2) allows (a year, three digits of a ZIP code, `90+`) "
        "and otherwise writes `[KIND]`; `pseudonymise` writes the same surrogate for the same text; "
        "`shift_dates`, for `date` only, moves all dates of a group by the same number of days. "
        "`age` and `zip` can only be redacted."
    )
    key_variable: str = Field(
        default="R1TAILOR_PRIVACY_KEY",
        pattern=r"^[A-Z][A-Z0-9_]{0,99}$",
        description="Environment variable with the secret key (16 bytes or more) under which ids, groups and "
        "surrogates are made. "
        "The variable of that name with `_FILE` appended may name a file outside the project instead.",
    )
    share_of_documents_with_findings: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Largest share of documents in which a second pass may still find identifiers "
        "for `domain.compliance: hipaa` (or `pipl`) to let the data pass.",
    )
    finders: tuple[Name, ...] = Field(
        default=(),
        strict=False,
        description="Finders of installed packages that look for identifiers next to our own, "
        "by the name of their entry point in the group `r1tailor.finders`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _takes_no_old_name(cls, given: Any) -> Any:  # noqa: ANN401 - whatever was composed
        if isinstance(given, dict) and _RENAMED in given:
            raise ValueError(f"{_RENAMED} is now called {_SHARE}: rename the key, its value stays")
        return given

    @model_validator(mode="after")
    def _modes_fit_their_kinds(self) -> "Privacy":
        for kind, mode in self.kinds.items():
            allowed = _MODES.get(kind, ("redact", "pseudonymise"))
            if mode not in allowed:
                raise ValueError(f"kinds.{kind} = {mode} is not possible; allowed: {', '.join(allowed)}")
        return self


_MODES: dict[str, tuple[PrivacyMode, ...]] = {"date": ("redact", "shift_dates"), "age": ("redact",), "zip": ("redact",)}

# Both redact every kind there is: Safe Harbor asks for 18, and what PIPL calls anonymised must lead back to nobody.
PRESETS: dict[str, dict[str, Any]] = {
    name: {"kinds": dict.fromkeys(get_args(PrivacyKind), "redact")} for name in ("hipaa", "pipl")
}


def _chosen(privacy: Any) -> Any:  # noqa: ANN401 - whatever was composed
    """Return the settings that a preset's name stands for."""
    if not isinstance(privacy, str):
        return privacy
    if privacy not in PRESETS:
        raise ValueError(f"{privacy!r} is no preset; there are {', '.join(PRESETS)}, or name kinds and their modes")
    return PRESETS[privacy]


def of_earlier_release(privacy: Mapping[str, Any]) -> dict[str, Any]:
    """Return privacy settings that an earlier release wrote, with the names that their keys have now."""
    return {_SHARE if key == _RENAMED else key: value for key, value in privacy.items()}


class Cleaning(Section):
    """The steps that every document goes through, in this order (``corpus/__init__.py``)."""

    rules: tuple[CleaningRule, ...] = Field(
        strict=False,
        description="Named cleaning rules, applied in the order given. None of them changes numbers, units, signs, "
        "comparators, negation or citations.",
    )
    privacy: Annotated[Privacy | None, BeforeValidator(_chosen)] = Field(
        default=None,
        description="What happens to personal identifiers: `hipaa` or `pipl` (every kind is redacted), "
        "or settings of your own; `null`: they are left alone.",
    )
    terms: Terms | None = Field(default=None, description="Standardisation of terms by vocabularies; `null`: none.")
    duplicates: Duplicates | None = Field(
        default=None, description="When a document is dropped as a near duplicate of an earlier one; `null`: never."
    )
