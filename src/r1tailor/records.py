"""What flows through the house: documents, annotations, instruction examples, predictions.

Records are frozen dataclasses. Documents travel as Parquet, the others as JSONL; all are read and written here, byte
for byte reproducibly. There may be more documents than memory holds: they are read and written by batches.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from r1tailor import config_messages, durable
from r1tailor.errors import DataError, without_content

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of raw material and where it came from.

    Attributes:
        id: unique within the domain.
        text: what cleaning works on.
        source: name of the source in the domain's YAML.
        licence: the licence of that source.
        sha256: hash of the raw file the document was read from.
        position: where in the raw file (a code, a line).
        available_at: ISO date from which the document could have been known.
        fields: what else the source says about it.
    """

    id: str
    text: str
    source: str
    licence: str
    sha256: str
    position: str
    available_at: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A piece of raw material that could not be read.

    Attributes:
        source: name of the source in the domain's YAML.
        file: the raw file, as the domain's YAML or its folder names it.
        position: where in the file (a line, a page, an element); empty where the file as a whole is damaged.
        reason: what is wrong with it, without quoting it: raw material may be confidential.
    """

    source: str
    file: str
    position: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}{', ' if self.position else ''}{self.position}: {self.reason}"


def grouped(rejected: Iterable[Rejection], places: int = 3) -> list[str]:
    """Return a line for each file and reason of rejections: the first places, and how many there are.

    >>> grouped([Rejection("s", "a.csv", f"line {n}", "no date") for n in range(2, 7)])
    ['a.csv: no date: 5 times, at line 2, line 3, line 4, ...']
    """
    found: dict[tuple[str, str], list[str]] = {}
    for one in rejected:
        found.setdefault((one.file, one.reason), []).append(one.position)
    return [_group(file, reason, at, places) for (file, reason), at in found.items()]


def _group(file: str, reason: str, at: Sequence[str], places: int) -> str:
    if len(at) == 1:
        return str(Rejection("", file, at[0], reason))
    more = ", ..." if len(at) > places else ""
    return f"{file}: {reason}: {len(at):,} times, at {', '.join(at[:places])}{more}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch of a document: ``text[start:end]``, counted in Unicode code points."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """What one span is to another: ``head`` is the subject of the label, ``tail`` its object."""

    head: Span
    tail: Span
    label: str


@dataclass(frozen=True, slots=True)
class Labels:
    """One person's labels of one document.

    Attributes:
        spans: sorted, each once.
        relations: sorted, each once; their heads and tails are among the spans.
        answers: chosen values by question.
        comments: free text by field.
    """

    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    comments: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotator's work on one document: a vote.

    Attributes:
        document: the document's id.
        annotator: who it was, as the tool names them.
        answer: ``accept`` for labels that count; ``reject`` and ``ignore`` count for nothing.
        labels: empty unless accepted.
        created_at: ISO date and time; empty where the tool does not say.
        lead_seconds: how long it took; None where the tool does not say.
        position: where it was read: file, task, annotation.
    """

    document: str
    annotator: str
    answer: Literal["accept", "reject", "ignore"]
    labels: Labels
    created_at: str
    lead_seconds: float | None
    position: str

    @property
    def cancelled(self) -> bool:
        """Whether it counts for nothing."""
        return self.answer != "accept"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation.

    Attributes:
        role: ``system``, ``user``, ``assistant`` or ``tool``.
        content: what was said, without reasoning.
        reasoning: of an assistant, before its answer; may be empty.
        trained: whether it is an answer to be learnt; the other answers are history only.
        fields: what else the chat template reads (``tool_calls``, ``tool_call_id``, ``name``).
    """

    role: str
    content: str
    reasoning: str = ""
    trained: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """One instruction example: a question and its answer, after the turns of a conversation where there are any.

    Attributes:
        id: unique within the domain.
        instruction: what the model is asked to do.
        input: what to do it with; may be empty.
        output: the reference answer.
        reasoning: the ``<think>`` part before the answer; may be empty.
        group: examples of one group (a patient, a law) stay in one part of the split; may be empty.
        fields: what the domain's scorer needs to know.
        available_at: ISO date from which the example could have been known; empty if nothing says it.
        series: [T][C] a window of T steps over C channels that the model reads along with the text; may be empty.
        turns: the turns before the question, the earliest first.
        tools: definitions of the tools that the model may call.
        tool_calls: what the answer calls, next to ``output``, which may then be empty.
        conversation: examples of one conversation carry its id, where there are several; else empty.
    """

    id: str
    instruction: str
    input: str
    output: str
    reasoning: str = ""
    group: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    available_at: str = ""
    series: tuple[tuple[float, ...], ...] = ()
    turns: tuple[Turn, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    tool_calls: tuple[dict[str, Any], ...] = ()
    conversation: str = ""

    @property
    def asked(self) -> str:
        """What is asked, with what was said before it: one text to compare and to show."""
        said = [turn.content for turn in self.turns if turn.role != "system"]
        return "\n\n".join(text for text in (*said, self.input) if text)


@dataclass(frozen=True, slots=True)
class Sample:
    """A further answer to the same example (see ``Prediction``)."""

    generated: str
    reasoning_tokens: int = 0
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model made of one held-out example.

    Attributes:
        id: the example's id.
        generated: the answer, with its reasoning in its marks.
        log_likelihood: of the reference answer and its end token, in nats (natural log).
        tokens: how many tokens that sum runs over.
        ranked: the label of the closed set with the highest likelihood; empty where there is no set.
        label_scores: log-likelihood (nats) of each label of the closed set's distinguishing beginning, in their order.
        scores: the domain's scores of the answer by metric; versions are compared with these.
        reasoning_tokens: of the answer's block of reasoning.
        truncated: the part of the answer that was cut: ``reasoning`` or ``answer``; empty where none was.
        samples: further answers, where several are drawn; scores are then means over all of them.
        block_log_likelihood: of the reference's block of reasoning, part of ``log_likelihood``.
        block_tokens: how many tokens of the reference are its block.
    """

    id: str
    generated: str
    log_likelihood: float
    tokens: int
    ranked: str
    label_scores: tuple[float, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    reasoning_tokens: int = 0
    truncated: str = ""
    samples: tuple[Sample, ...] = ()
    block_log_likelihood: float = 0.0
    block_tokens: int = 0

    @property
    def drawn(self) -> "list[Prediction]":
        """Each answer as a prediction of its own."""
        others = [(one.generated, one.reasoning_tokens, one.truncated) for one in self.samples]
        alone = replace(self, samples=())
        return [alone, *(replace(alone, generated=g, reasoning_tokens=n, truncated=t) for g, n, t in others)]


_ANNOTATION = TypeAdapter(Annotation)
_PLAIN_KEY = re.compile(r"[a-z][a-z_]{0,39}")
_WHERE_THERE_ARE = (  # written only where there are any
    *("turns", "tools", "tool_calls", "conversation"),
    *("reasoning_tokens", "truncated", "samples", "block_log_likelihood", "block_tokens"),
)
_ROW_GROUP = 1024  # documents; fixed, so that the bytes of a file do not depend on how its documents arrived
Record = TypeVar("Record", Example, Prediction)


@cache
def _document_schema() -> "pa.Schema":
    """Return the columns of a document file; what handles no file of documents does not import Arrow."""
    import pyarrow as pa

    return pa.schema([(f.name, pa.string()) for f in fields(Document)])


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write documents as Parquet, in the given order; return how many.

    One row group of documents is held in memory at a time. An error leaves no file, or the old one.
    """
    import pyarrow.parquet as pq

    remaining, count = iter(documents), 0
    durable.sweep(path.parent)  # what killed runs left holds raw text
    temporary = durable.temporary(path)
    try:
        with (
            os.fdopen(durable.create(temporary), "wb") as file,
            pq.ParquetWriter(file, _document_schema(), compression="zstd", write_statistics=False) as writer,
        ):
            while group := list(islice(remaining, _ROW_GROUP)):
                writer.write_batch(as_batch(group), row_group_size=_ROW_GROUP)
                count += len(group)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def read_documents(path: Path, batch_size: int = _ROW_GROUP) -> Iterator[Document]:
    """Yield the documents of a Parquet file in order; at most ``batch_size`` of them are held in memory.

    Raises:
        DataError: the file is missing or is no document file.
    """
    import pyarrow as pa

    file = _document_file(path)
    try:
        for batch in file.iter_batches(batch_size):
            yield from from_batch(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: a damaged document file: {without_content(error)}") from None


def count_documents(path: Path) -> int:
    """Return how many documents a Parquet file holds, from its footer.

    Raises:
        DataError: the file is missing or is no document file.
    """
    return int(_document_file(path).metadata.num_rows)


def as_batch(documents: Sequence[Document]) -> "pa.RecordBatch":
    """Return documents as an Arrow batch; ``fields`` travel as JSON."""
    import pyarrow as pa

    columns = {name: [getattr(document, name) for document in documents] for name in _document_schema().names}
    columns["fields"] = [_json(value) for value in columns["fields"]]
    return pa.RecordBatch.from_pydict(columns, schema=_document_schema())


def from_batch(batch: "pa.RecordBatch | pa.Table") -> Iterator[Document]:
    """Yield the documents of an Arrow batch or table that has their columns (and maybe others)."""
    for row in batch.select(_document_schema().names).to_pylist():
        yield Document(**(row | {"fields": json.loads(row["fields"])}))


def _document_file(path: Path) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise DataError(f"{path} does not exist. Run the stage before: dvc repro, or python train.py")
    try:
        file = pq.ParquetFile(path, pre_buffer=False)  # with it, the whole file would be kept in memory
    except pa.ArrowException as error:
        raise DataError(f"{path}: not a document file: {without_content(error)}") from None
    if not file.schema_arrow.equals(_document_schema()):
        raise DataError(f"{path}: not a document file: its columns are {', '.join(file.schema_arrow.names)}")
    return file


def write_records(path: Path, records: Iterable[Annotation] | Iterable[Example] | Iterable[Prediction]) -> int:
    """Write annotations, examples or predictions as JSONL; return how many."""
    lines = [_json(_without_empty(asdict(record))) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def read_annotations(path: Path) -> list[Annotation]:
    """Return the annotations of a JSONL file that ``write_records`` or another tool wrote.

    Raises:
        DataError: the file is missing, or a line is no annotation: names the line and the key.
    """
    read = []
    for number, value in read_json_lines(path):
        try:
            read.append(_ANNOTATION.validate_json(_json(value), strict=True))
        except ValidationError as error:
            raise DataError(f"{path}, line {number}: {config_messages.first(error)}") from None
    return read


def read_examples(path: Path) -> list[Example]:
    """Return the examples of a JSONL file that ``write_records`` wrote."""
    return [
        replace(
            found,
            series=tuple(map(tuple, found.series)),
            turns=tuple(Turn(**turn) for turn in found.turns),  # type: ignore[arg-type]  # as JSON holds them
            tools=tuple(found.tools),
            tool_calls=tuple(found.tool_calls),
        )
        for found in _read(path, Example)
    ]


def read_predictions(path: Path) -> list[Prediction]:
    """Return the predictions of a JSONL file that ``write_records`` wrote."""
    return [
        replace(
            found,
            label_scores=tuple(found.label_scores),
            samples=tuple(Sample(**one) for one in found.samples),  # type: ignore[arg-type]  # as JSON holds them
        )
        for found in _read(path, Prediction)
    ]


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, mapping) for each non-empty line.

    Raises:
        DataError: the file is missing or not UTF-8, or a line is no JSON mapping: names the line.
    """
    for number, value in json_lines(path):
        if isinstance(value, str):
            raise DataError(f"{path}, line {number}: {value}")
        yield number, value


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line number, mapping) for each non-empty line, or (line number, what is wrong with it).

    Raises:
        DataError: the file is missing.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if raw.strip():
                yield number, _parsed(raw, "utf-8-sig" if number == 1 else "utf-8")


def read_json_list(path: Path) -> list[Any]:
    """Return the list that a JSON file holds.

    Raises:
        DataError: the file is missing, is not JSON or holds no list.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    value, fault = _decoded(path.read_bytes(), "utf-8-sig")
    if not fault and not isinstance(value, list):
        fault = f"a list is expected, found {type(value).__name__}"
    if fault:
        raise DataError(f"{path}: {fault}")
    return list(value)


def _parsed(raw: bytes, encoding: str) -> dict[str, Any] | str:
    """Return the mapping of one line, or what is wrong with it."""
    value, fault = _decoded(raw, encoding)
    if fault or isinstance(value, dict):
        return fault or value
    return f"a mapping is expected, found {type(value).__name__}"


def _decoded(raw: bytes, encoding: str) -> tuple[Any, str]:
    """Return a JSON value and what is wrong with it; empty if nothing is."""
    try:
        value = json.loads(raw.decode(encoding), object_pairs_hook=_once_each)
        if b"\\u" in raw:
            _json(value).encode()
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 (byte {error.start + 1})"
    except UnicodeEncodeError as error:
        return None, f"\\u{ord(error.object[error.start]):04x} is half a character; the other half is missing"
    except _TwiceError as error:
        return None, f"{error} stands there twice; say it once"
    except (ValueError, RecursionError) as error:
        what = getattr(error, "msg", "nested too deeply" if isinstance(error, RecursionError) else "a number too long")
        return None, f"not JSON: {what}"
    return value, ""


class _TwiceError(ValueError):
    """A key stands twice in one mapping; its text is the key."""


def named(key: str) -> str:
    """Return how a message calls a key of a record: by its name if it reads like one, for a key may be content too."""
    return repr(key) if _PLAIN_KEY.fullmatch(key) else "a key"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        raise _TwiceError(named(next(key for key in mapping if counted[key] > 1)))
    return mapping


def _read(path: Path, record: type[Record]) -> Iterator[Record]:
    for number, value in read_json_lines(path):
        try:
            yield record(**value)
        except TypeError:  # its words quote a key of the line
            expected = ", ".join(field.name for field in fields(record))
            raise DataError(
                f"{path}, line {number}: not of kind {record.__name__}: its keys are not {expected}"
            ) from None


def _without_empty(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value or key not in _WHERE_THERE_ARE}


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, sort_keys=False)
