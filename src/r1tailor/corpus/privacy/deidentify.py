"""Find the identifiers of a text and put in their place what the settings say.

One way, by design: nothing that is kept or written leads back to a surface. A finding knows its kind and its place in
the raw text, never what stood there; the step's notes are counts.
"""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.privacy import dates, labelled, network, numbers, people_en, people_zh, places
from r1tailor.corpus.privacy.findings import Finder, Finding, fold, merged
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.corpus.privacy.surrogates import is_surrogate, moved, surrogate
from r1tailor.errors import ConfigError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy, PrivacyKind

# In order of trust: where findings overlap, the first one says what it is.
FINDERS: tuple[Finder, ...] = (
    network.find,
    dates.find_births,
    labelled.find,
    numbers.find,
    dates.find,
    dates.find_ages,
    places.find,
    people_en.find,
    people_zh.find,
)
# Three-digit ZIP codes of 20,000 people or fewer (Census 2000, in the guidance on 45 CFR 164.514(b)(2)(i)(B)).
_SMALL_ZIPS = frozenset(
    (
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    )
)
_YEAR = re.compile(r"(?:(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])年?|(?<![0-9])(?:19|20)[0-9]{2}(?=[01][0-9][0-3][0-9]))")
_JOINT = re.compile(r"(?<=[^\W_])_(?=[^\W_])")
_US_ZIP = re.compile(r"[0-9OlI]{5}(?:-|$)")
_NOBODYS = re.compile(r"(?:line|row|page|section) [0-9]+|[a-z_]*|(?:[A-Za-z0-9_]+-)?QZX[A-Z]{20}")
_BIRTH_LABEL = re.compile(
    r"[^0-9]*?(?=[0-9]|\b(?:" + "|".join(month[:3] for month in dates.MONTHS) + "))", re.IGNORECASE
)


def find(text: str, kinds: Iterable[PrivacyKind] | None = None, others: Iterable[Finder] = ()) -> list[Finding]:
    """Return the identifiers of a text in order, without overlap; of some kinds only, if they are given.

    Finders of ``others`` come after our own. A text with underscores between words, such as the name of a file, is also
    read with spaces in their place.
    """
    folded, wanted = fold(text), None if kinds is None else frozenset(kinds)
    readings = (folded, _JOINT.sub(" ", folded)) if "_" in folded and _JOINT.search(folded) else (folded,)
    ranked = (
        (rank, finding)
        for rank, finder in enumerate((*FINDERS, *others))
        for reading in readings
        for finding in finder(reading)
        if (wanted is None or finding.kind in wanted) and not is_surrogate(reading, finding.start)
    )
    return list(merged(ranked))


class Deidentifier:
    """Treats texts, and documents as a corpus step, as the settings say.

    Args:
        settings: what becomes of each kind; a kind that is not named is left alone.
        key: the secret of surrogates and date offsets (``key.read``); None where no kind needs one.
        published: names of the sources whose ids and positions are published codes and stay.

    Raises:
        ConfigError: a kind needs the key and there is none, or a finder is not installed.
    """

    def __init__(self, settings: Privacy, key: bytes | None, published: Container[str] = ()) -> None:
        if key is None and needs_key(settings):
            raise ConfigError(
                [f"a mode in domain.cleaning.privacy.kinds needs a secret key, from {settings.key_variable}"]
            )
        self._modes, self._finders = settings.kinds, plugged_in(settings.finders)
        self._key, self._published = key or b"", published

    def apply(self, text: str, group: str) -> tuple[str, list[Finding]]:
        """Return a text without its identifiers, and what they were.

        Args:
            text: as it came.
            group: whose dates move together (a patient); used by ``shift_dates`` only.
        """
        findings = find(text, self._modes, self._finders)
        parts, end = [], 0
        for finding in findings:
            parts += [text[end : finding.start], self._treated(finding.kind, text[finding.start : finding.end], group)]
            end = finding.end
        return "".join([*parts, text[end:]]), findings

    def step(self) -> Step:
        """Return the corpus step: it treats a document's text and position, and its fields' keys and values.

        It notes counts only. Ids and groups are those of ``references``, which comes before.
        """

        def deidentify(document: Document) -> tuple[Document, list[Note]]:
            found: list[Finding] = []
            group = str(document.fields.get("group") or document.id)

            def treat(text: str) -> str:
                treated, findings = self.apply(text, group)
                found.extend(findings)
                return treated

            known = document.source in self._published or not may_identify(document.position)
            own = {} if known else {"position": treat(document.position)}
            fields = _fields(document.fields, treat)
            return replace(document, text=treat(document.text), fields=fields, **own), _notes(found)

        return deidentify

    def _treated(self, kind: PrivacyKind, surface: str, group: str) -> str:
        match self._modes[kind]:
            case "pseudonymise":
                return surrogate(kind, surface, self._key)
            case "shift_dates":
                return moved(fold(surface), group, self._key) or redacted(kind, surface)
        return redacted(kind, surface)


def needs_key(settings: Privacy) -> bool:
    """Whether a kind is treated in a way that takes the secret key."""
    return any(mode != "redact" for mode in settings.kinds.values())


def redacted(kind: PrivacyKind, surface: str) -> str:
    """Return what Safe Harbor lets stand of a surface: a year, three digits of a ZIP code, ``90+``; else its kind."""
    folded, blank = fold(surface), f"[{kind.upper()}]"
    if kind == "date":
        if label := next(dates.find_births(folded), None) and _BIRTH_LABEL.match(folded):
            return surface[: label.end()] + blank
        year = _YEAR.search(folded)
        return year.group() if year else blank
    if kind == "zip" and _US_ZIP.match(folded):
        area = folded[:3]
        return "000" if area in _SMALL_ZIPS else area if area.isdigit() else blank
    return "90+" if kind == "age" else blank


def _nested(value: Any, key: str, treat: Callable[[str], str]) -> Any:  # noqa: ANN401
    """Return a value of a field with every text and number in it treated; its key is read as a label before it."""
    if isinstance(value, Mapping):
        return _fields(value, treat)
    if isinstance(value, list):
        return [_nested(part, key, treat) for part in value]
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    written = as_written(value)
    label = "" if key == "group" else f"{key.replace('_', ' ')}: "
    treated = treat(f"{label}{written}")
    # Where the label itself was taken for a part of it, the value is read alone.
    treated = treated.removeprefix(label) if treated.startswith(label) else treat(written)
    return value if treated == written else treated


def _fields(fields: Mapping[str, Any], treat: Callable[[str], str]) -> dict[str, Any]:
    """Return a mapping with its keys and values treated; keys that come to read the same are numbered."""
    treated: dict[str, Any] = {}
    for key, value in fields.items():
        name = shown = treat(key) if may_identify(key) else key
        for number in count(2):
            if name not in treated:
                break
            name = f"{shown} ({number})"
        treated[name] = _nested(value, key, treat)
    return treated


def may_identify(reference: str) -> bool:
    """Whether a short string is worth reading: a place in a file, a column's name or an opaque name is nobody's."""
    return not _NOBODYS.fullmatch(reference)


def as_written(value: str | float) -> str:
    """Return a value as people write it: a number that a table holds as 4482910.0 is 4482910."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _notes(findings: Iterable[Finding]) -> list[Note]:
    notes = []
    for finding in findings:
        notes.append(Note(f"privacy.{finding.kind}"))
        if finding.checksum is False:
            notes.append(Note(f"privacy.{finding.kind}.mistyped"))
    return notes
