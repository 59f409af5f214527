"""All that a proposal rests on: what was found at a place, what a person said, and what the trial made of it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from r1tailor.proposal.cells import Column
from r1tailor.proposal.labels import Labels
from r1tailor.proposal.look import Looked
from r1tailor.proposal.roles import Roles
from r1tailor.proposal.survey import Survey
from r1tailor.proposal.tongue import Tongue
from r1tailor.proposal.wishes import Wishes
from r1tailor.sources.written import known_day

KEY = "R1TAILOR_PRIVACY_KEY"


@dataclass(frozen=True)
class Draft:
    """All that a proposal rests on.

    Attributes:
        looked: what lies at the place.
        name: of the domain.
        columns: of a table, what stands in each.
        roles: of a table, which column has which part.
        labels: the closed set of answers, if there is one.
        wishes: what a person said.
        say: the language of reasons.
        survey: what the documents hold; None before they were read.
        close: of a table of daily figures, the column of closing prices.
        shares: of validation and test.
        gated: whether the preset may also stop the data, where it is a gate.
        by: what divides the examples, where another way than the proposed one left too little; else empty.
        passage: of continued pre-training, the longest example in characters; None takes whole documents.
    """

    looked: Looked
    name: str
    wishes: Wishes
    say: Tongue
    columns: Mapping[str, Column] = field(default_factory=dict)
    roles: Roles = field(default_factory=Roles)
    labels: Labels | None = None
    survey: Survey | None = None
    close: str = ""
    shares: tuple[float, float] = (0.1, 0.2)
    gated: bool = True
    by: str = ""
    passage: int | None = None

    @property
    def answered(self) -> bool:
        """Whether there is something to learn an answer from."""
        return bool(self.roles.output or self.close) or self.looked.shape == "records"

    @property
    def way(self) -> str:
        """What is done with documents without answers; empty where there are answers."""
        return "" if self.answered else self.wishes.way or "text"

    def in_words(self, pair: tuple[str, str]) -> str:
        """Return a reason in the draft's language."""
        return self.say(*pair)


def name_of(place: str) -> str:
    """Return a name for a domain, from that of a file, folder or database.

    >>> name_of("exports/Triage Notes (final).csv"), name_of("Fälle.csv"), name_of("data/门诊.csv")
    ('triage_notes_final', 'falle', 'mine')
    """
    stem = unicodedata.normalize("NFKD", Path(place.partition("?")[0].rstrip("/")).stem)
    stem = "".join(character for character in stem if not unicodedata.combining(character))
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:60]
    return plain if plain and plain not in ("redteam", "registry", "runs", "serving", "sweeps", "tasks") else "mine"


def option(draft: Draft) -> str:
    """Return the option of ``conf/domain`` that a draft starts from."""
    return "finance" if draft.close else "generic"


def defaults(draft: Draft) -> str:
    """Return the defaults of the YAML: a domain that it inherits from, or settings that follow the data."""
    inherited = "finance" if draft.close else "learning@_global_: auto  # passes, rate and layers follow the data"
    return f"defaults:\n  - {inherited}\n  - _self_"


def preset(draft: Draft) -> str:
    """Return the regulation that the data is taken to be under."""
    if draft.wishes.preset:
        return draft.wishes.preset
    if draft.survey is None or not draft.survey.identifies:
        return "none"
    return "pipl" if draft.say.language == "zh" else "hipaa"


def compliance(draft: Draft) -> str:
    """Return the value of ``compliance``: the preset, unless its gate would stop the data."""
    return preset(draft) if draft.gated else "none"


def span(draft: Draft) -> int:
    """Return how many days lie between the first and the last date of the table; 0 without dates."""
    column = draft.columns.get(draft.roles.date)
    if column is None or not column.dates:
        return 0
    found = [day for text in column.values if (day := known_day(text, column.dates))]
    return (max(found) - min(found)).days if found else 0


def repeated(columns: Sequence[Column]) -> list[str]:
    """Return the columns whose cells are all the same."""
    return [column.name for column in columns if column.filled > 1 and len(column.values) == 1]
