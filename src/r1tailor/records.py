"""What flows through the house: documents, annotations, instruction examples, predictions.

Records are frozen dataclasses. Documents travel as Parquet (``document_files``), the others as JSONL
(``record_files``), byte for byte reproducibly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal


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
        rejected: an answer that ``output`` is preferred to, with its reasoning in its marks; may be empty.
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
    rejected: str = ""

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
