"""The contract of a domain: documents -> examples, labels, scores."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from r1tailor.domain.answers import folded, label_in, number_in
from r1tailor.domain.declaration import ScoredMetric, declaration
from r1tailor.domain.named_metrics import NAMED, OF_CALLS, Answered, covered, score
from r1tailor.domain.tool_calls import called
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task
from r1tailor.schema.metrics import NamedMetric, PlainMetric
from r1tailor.thinking import parted


class Domain(ABC):
    """A domain over its clean documents.

    Attributes:
        reads_turns: whether conversations become examples; documents that hold ``turns`` are refused otherwise.
        reads_rejected: whether examples carry the answers that others are preferred to; see ``reads_turns``.
    """

    reads_turns = False
    reads_rejected = False

    def __init__(self, settings: DomainSection, documents: Sequence[Document]) -> None:
        self.settings = settings
        self.documents = documents
        self.outside: Mapping[str, int] = {}  # answers outside a closed set whose examples are left out, counted

    @property
    def metrics(self) -> tuple[ScoredMetric, ...]:
        """The metrics that ``scores`` returns: those of the kind that these settings measure, and those by name."""
        measured = declaration(self.settings.kind).measured(self.settings)
        own = {metric.name for metric in measured}
        of_name = {metric.name: metric for metric in NAMED}
        asked = [replace(of_name[metric.name], name=metric.key) for metric in self._named]
        named = [metric for metric in asked if metric.name not in own]
        return tuple(metric for metric in (*measured, *named) if metric.kind != "corpus")

    @cached_property
    def _named(self) -> tuple[NamedMetric, ...]:
        """The metrics that the task names, and those of calls where answers in the documents call tools."""
        named = self.settings.task.metrics
        turns = (turn for document in self.documents for turn in document.fields.get("turns", ()))
        if not any(turn["role"] == "assistant" and "tool_calls" in turn.get("fields", {}) for turn in turns):
            return named
        there = {metric.name for metric in named}
        return (*named, *(PlainMetric(name=name) for name in OF_CALLS if name not in there))  # type: ignore[arg-type]

    @abstractmethod
    def examples(self) -> Iterator[Example]:
        """Yield instruction examples in the order of the documents."""

    def unlabelled(self) -> Iterator[Example]:
        """Yield the questions of documents that bring no answer, for people or a model; of most kinds none."""
        return iter(())

    def placed(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Return the part of each example whose part is not drawn, by id: ``train``, ``validation`` or ``test``."""
        return {}

    def remarks(self) -> Sequence[str]:
        """Return what people should know of the examples that ``examples`` has made, a line each."""
        return ()

    def labels(self) -> tuple[str, ...]:
        """Return the closed set of answers (or of answers' beginnings) to rank; empty if there is none."""
        return declaration(self.settings.kind).labels(self.settings)

    def labels_of(self, example: Example) -> tuple[str, ...]:
        """Return the closed set of one example's answers: ``labels``, unless a domain asks several things."""
        return self.labels()

    @abstractmethod
    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Return a score in [0, 1] for each metric of the kind that says something of the example."""

    def scores(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Return the scores of ``score`` and of the metrics that the task names; of equal names the kind's counts.

        An answer that only calls tools is scored by its calls alone.
        """
        entities = example.fields.get("entities", ())
        answers = answer_of(example.output), answer_of(prediction.generated)
        item = Answered(*answers, self.labels_of(example), entities, called(example.tool_calls))
        own = self.score(example, prediction) if example.output or not example.tool_calls else {}
        return score(self._named, item) | own

    def vote(self, example: Example, generated: str) -> str:
        """Return what an answer stands for among several to the same example (see ``vote``)."""
        return vote(example, generated, self.labels_of(example))

    @abstractmethod
    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the one answer that is right most often in training; empty if that means nothing here."""

    def plain_answers(self, train: Sequence[Example], items: Sequence[Example]) -> Mapping[str, Sequence[str]]:
        """Return answers to held-out items that need no language model, by the name of the baseline.

        They may use training examples and what an item tells the model; ``evaluation/plain_baselines.py`` adds those
        that any domain has.
        """
        return {}


def answer_of(generated: str) -> str:
    """Return the answer without its reasoning: what follows the last ``</think>``; empty if reasoning was cut."""
    return parted(generated)[1]


def vote(example: Example, generated: str, labels: Sequence[str]) -> str:
    """Return what an answer stands for among several to the same example; empty where it is no answer.

    It is the label of a closed set; else the number that the answer ends in, where the reference is one; else its
    text, case and white space aside.
    """
    answer = answer_of(generated)
    if labels:
        return label_in(answer, labels)
    if number_in(answer_of(example.output)) is not None and (number := number_in(answer)) is not None:
        return f"{number:g}"
    return folded(answer)


def coverage(name: str, entities: Sequence[str], answer: str) -> dict[str, float]:
    """Return the share of entities that an answer mentions as whole words, by a metric's name.

    Without entities nothing is returned: what was not asked for is not measured.
    """
    return {name: covered(entities, answer)} if entities else {}


def written(task: Task, values: Mapping[str, str]) -> str:
    """Return the reference answer of a task: its response with the values of one record.

    Raises:
        ConfigError: the response names another value; lists those there are.
        DataError: a value that it names is null.
    """
    for name, value in values.items():
        if value is None and f"{{{name}}}" in task.response:
            raise DataError(f"domain.task.response names {{{name}}}, and a record has nothing there")
    try:
        return task.response.format(**values)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        allowed = ", ".join(f"{{{name}}}" for name in values)
        raise ConfigError([f"domain.task.response = {task.response!r}: only {allowed} may stand in it"]) from error
