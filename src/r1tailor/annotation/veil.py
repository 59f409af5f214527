"""What annotations tell of people in a domain with privacy: annotators are opaque, comments are de-identified.

Each annotator keeps one opaque name, so agreement is the same figure; gold labels, reports and the tasks of the next
round show opaque names only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from r1tailor.corpus.privacy import Deidentifier, key
from r1tailor.corpus.privacy.references import document_id, opaque
from r1tailor.records import Annotation
from r1tailor.schema.corpus import Privacy


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides who annotated, and whom comments name.

    Attributes:
        deidentifier: of the domain.
        key: its secret.
    """

    deidentifier: Deidentifier
    key: bytes

    @classmethod
    def of(cls, privacy: Privacy | None, root: Path) -> "Veil | None":
        """Return the veil of a domain; None where it has no privacy.

        Raises:
            ConfigError: there is no secret key.
        """
        if privacy is None:
            return None
        secret = key.read(privacy, root)
        return cls(Deidentifier(privacy, secret), secret)

    def renamed(self, sources: Iterable[str], document: str) -> Iterator[str]:
        """Yield the opaque ids that a raw id has where it belongs to one of some sources."""
        for source in sources:
            yield document_id(source, document, self.key)

    def over(self, vote: Annotation, file: str, shown: str) -> Annotation:
        """Return an annotation with an opaque annotator and treated comments; its file is called ``shown``."""
        comments = {
            self._treated(field, vote): tuple(self._treated(text, vote) for text in texts)
            for field, texts in vote.labels.comments.items()
        }
        return replace(
            vote,
            annotator=opaque("annotator", vote.annotator, self.key),
            labels=replace(vote.labels, comments=comments),
            position=vote.position.replace(file, shown),
        )

    def _treated(self, text: str, vote: Annotation) -> str:
        return self.deidentifier.apply(text, vote.document)[0]
