"""How documents become clean (``corpus/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.schema.base import Section

CleaningRule = Literal["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]


class Cleaning(Section):
    """The named rules that are applied to every document, in this order (``corpus/clean.py``)."""

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]


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
