"""Sentences in the language of the data: English, or Chinese where the data is Chinese."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Tongue:
    """Chooses between two wordings.

    Attributes:
        language: of what is written.
    """

    language: Language

    def __call__(self, english: str, chinese: str) -> str:
        """Return the wording in the language."""
        return chinese if self.language == "zh" else english


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was decided, and why.

    Attributes:
        what: the setting or question.
        chosen: the answer.
        why: the reason; may be empty.
    """

    what: str
    chosen: str
    why: str = ""

    def __str__(self) -> str:
        return f"  {self.what:<16} {self.chosen}" + (f" ({self.why})" if self.why else "")
