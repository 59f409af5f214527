"""The contract of a corpus step: one document in, one out, and notes of what was done to it.

A step is pure: what it returns depends on the document and on settings read before, never on documents seen before. So
the same step runs over batches in this process or in others, and gives the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from r1tailor.records import Document


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a step did to a document.

    Attributes:
        rule: by which the report counts it (``collapse_whitespace``, ``terms.exact``, ``privacy.phone``).
        sample: what a report may show of it, as plain JSON values; None where nothing may be shown.
    """

    rule: str
    sample: dict[str, Any] | None = None


Step = Callable[[Document], tuple[Document, list[Note]]]
