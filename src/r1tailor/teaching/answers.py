"""The file of a teacher's texts: one JSON mapping a line, only ever added to, so that an interrupted run continues."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.records import Example


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a teacher.

    Attributes:
        teacher: sha256 of the model that wrote it.
        question: sha256 of what was asked, and how it was drawn.
        id: of the example.
        sample: its number among the texts about this example.
        text: as it was written, reasoning included.
        cut: whether its answer was cut at its longest length.
    """

    teacher: str
    question: str
    id: str
    sample: int
    text: str
    cut: bool = False


def question_of(example: Example, drawn: str) -> str:
    """Return the sha256 of a question and of how its answers are drawn."""
    asked: list[object] = [example.id, example.instruction, example.input, example.series, drawn]
    asked += [[asdict(turn) for turn in example.turns], example.tools] if example.turns or example.tools else []
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


class AnswerFile:
    """Texts that are kept as they come.

    Args:
        path: of the file. Texts of another teacher, or to other questions, are removed from it, and a line that an
            interruption left unfinished.
        teacher: sha256 of the model.
        questions: what is asked, by example.

    Attributes:
        texts: by example and number; None where the answer was cut.
    """

    def __init__(self, path: Path, teacher: str, questions: dict[str, str]) -> None:
        self._path = path
        kept = [one for one in _read(path) if one.teacher == teacher and questions.get(one.id) == one.question]
        self.texts = _by_example(kept)
        store.write_text(path, "".join(map(_line, kept)))

    def add(self, texts: Iterable[Text]) -> None:
        """Add texts; when this returns they are on the disk."""
        new = list(texts)
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write("".join(map(_line, new)))
            file.flush()
            os.fsync(file.fileno())
        self.texts |= _by_example(new)


def _by_example(texts: Iterable[Text]) -> dict[tuple[str, int], str | None]:
    return {(one.id, one.sample): None if one.cut else one.text for one in texts}


def _line(text: Text) -> str:
    return json.dumps(asdict(text), ensure_ascii=False) + "\n"


def _read(path: Path) -> list[Text]:
    """Return the texts of a file; a line that holds none (it was left unfinished, or is another's) is passed over."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [text for text in map(_text, lines) if text]


def _text(line: bytes) -> Text | None:
    try:
        value: Any = json.loads(line)
        found = Text(**value)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (found.teacher, found.question, found.id, found.text)
    sound = isinstance(found.sample, int) and isinstance(found.cut, bool)
    return found if sound and all(isinstance(text, str) for text in texts) else None
