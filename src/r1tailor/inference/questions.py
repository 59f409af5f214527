"""Questions from a file, and the file of their answers, which an interrupted run continues. No torch."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from r1tailor.config_messages import did_you_mean
from r1tailor.domain.conversations import asked_after
from r1tailor.errors import DataError
from r1tailor.records import Example, Turn

_KEYS = ("id", "instruction")
_LISTS, _OF_LISTS = ("messages", "conversations", "conversation"), ("system", "tools")
_MAPPINGS = (".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True)
class Answered:
    """One line of a file of answers.

    Attributes:
        id: of the question.
        input: the question, after the turns before it.
        answer: what the model wrote.
        version: which model answered.
    """

    id: str
    input: str
    answer: str
    version: str


def read_questions(path: Path, instruction: str) -> list[Example]:
    """Return the questions of a file, checked before any model is loaded.

    JSON lines, a JSON list and Parquet hold mappings: ``input``, or a conversation that ends with the user
    (``messages`` or ShareGPT's ``conversations``, with ``system`` and ``tools``); optionally ``id`` (else the number of
    the line) and ``instruction``. Any other file holds one question a line. Empty lines are skipped.

    Args:
        path: the file.
        instruction: of the domain's task, for a question that brings none.

    Raises:
        DataError: the file is missing or empty, or a line is no question: names the line.
    """
    read = _mappings if path.suffix in _MAPPINGS else _lines
    found: dict[str, tuple[int, Example]] = {}
    for number, question in read(path, instruction):
        if question.id in found:
            raise DataError(f"{path}, line {number}: id {question.id} is that of line {found[question.id][0]}, too")
        found[question.id] = number, question
    if not found:
        raise DataError(f"{path}: there is no question in it")
    return [question for _, question in found.values()]


def _lines(path: Path, instruction: str) -> Iterator[tuple[int, Example]]:
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{path}, line {number}: not UTF-8 (byte {error.start + 1})") from None
        if text:
            yield number, Example(str(number), instruction, text, "")


def _mappings(path: Path, instruction: str) -> Iterator[tuple[int, Example]]:
    from r1tailor.sources.containers import mappings  # it imports pyarrow

    if not path.is_file():
        raise DataError(f"{path} does not exist")
    unread: Counter[str] = Counter()
    for number, unit, value in mappings(path, str(path)):
        where = f"{path}, {unit} {number}"
        if isinstance(value, str):
            raise DataError(f"{where}: {value}")
        told = next((key for key in _LISTS if value.get(key) is not None), "")
        read = (told, *_OF_LISTS) if told else ("input",)
        unread.update(value.keys() - {*_KEYS, *read})
        if not told and "input" not in value:
            raise DataError(f"{where}: input is missing.{did_you_mean('input', value)} It has: {', '.join(value)}")
        given = {key: value[key] for key in (*_KEYS, "input") if value.get(key) is not None}
        given["id"] = str(given.get("id", number)) if isinstance(given.get("id", number), str | int) else None
        wrong = [key for key, text in given.items() if not isinstance(text, str)]
        if wrong or not (told or "input" in given):
            raise DataError(f"{where}: {wrong[0] if wrong else 'input'} must be text")
        asked = Example(given["id"], given.get("instruction", instruction), given.get("input", ""), "")
        yield number, _after(asked, value, told, where) if told else asked
    if unread:
        listed = ", ".join(f"{key} ({count:,} lines)" for key, count in sorted(unread.items()))
        known = f"{', '.join(_KEYS)}, and input or a conversation"
        print(f"{path}: only {known} are read; not read: {listed}", file=sys.stderr)


def _after(asked: Example, value: Mapping[str, Any], key: str, where: str) -> Example:
    """Return a question with the turns before it.

    Raises:
        DataError: the list is no conversation that waits for an answer; names the place.
    """
    from r1tailor.sources import conversations

    try:
        made = conversations.question(value[key], key, value.get("system"), value.get("tools"))
    except conversations.Fault as fault:
        raise DataError(f"{where}: {fault}") from None
    return replace(asked, **asked_after([Turn(**turn) for turn in made.turns]), tools=tuple(made.tools))


class AnswerFile:
    """The file of answers: one JSON mapping a line, written as they come.

    Args:
        path: where to write.
        questions: all that are asked.
        version: which model answers.

    Attributes:
        left: the questions that have no answer in it yet, in order.

    Raises:
        DataError: the file holds something else than answers of this model to these questions; it is left as it is.
    """

    def __init__(self, path: Path, questions: Sequence[Example], version: str) -> None:
        self.path = path
        asked = {question.id: question for question in questions}
        done, self._whole = _kept(path, asked, version)
        self.left = [question for question in questions if question.id not in done]

    def open(self) -> TextIO:
        """Open the file to add answers; a line that an interruption left unfinished is removed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.truncate(self._whole)
        return self.path.open("a", encoding="utf-8", newline="\n")


def answer_line(question: Example, answer: str, version: str) -> str:
    """Return the line of one answer."""
    return json.dumps(asdict(Answered(question.id, question.asked, answer, version)), ensure_ascii=False)


def _kept(path: Path, asked: dict[str, Example], version: str) -> tuple[set[str], int]:
    """Return the ids that are answered in a file, and the length (bytes) of its whole lines."""
    if not path.exists():
        return set(), 0
    whole = path.read_bytes().rpartition(b"\n")
    length = len(whole[0]) + len(whole[1])
    done: set[str] = set()
    for number, raw in enumerate(whole[0].splitlines(), start=1):
        answered = _answered(raw)
        where = f"{path}, line {number}"
        if answered is None:
            raise DataError(f"{where}: this is no answer of r1tailor ask; choose another --out")
        if answered.version != version:
            raise DataError(f"{where}: {answered.version} answered here, not {version}; choose another --out")
        question = asked.get(answered.id)
        if question is None or question.asked != answered.input:
            raise DataError(f"{where}: the answer to another question (id {answered.id}); choose another --out")
        done.add(answered.id)
    return done, length


def _answered(raw: bytes) -> Answered | None:
    try:
        value: Any = json.loads(raw)
        answered = Answered(**value)
    except (ValueError, TypeError, RecursionError):
        return None
    return answered if all(isinstance(text, str) for text in vars(answered).values()) else None
