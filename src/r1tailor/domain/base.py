"""The contract of a domain: documents -> examples, labels, scores."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from r1tailor.domain.declaration import ScoredMetric, declaration
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task


class Domain(ABC):
    """A domain over its clean documents.

    Attributes:
        reads_turns: whether conversations become examples; documents that hold ``turns`` are refused otherwise.
    """

    reads_turns = False

    def __init__(self, settings: DomainSection, documents: Sequence[Document]) -> None:
        self.settings = settings
        self.documents = documents
        self.outside: Mapping[str, int] = {}  # answers outside a closed set whose examples are left out, counted

    @property
    def metrics(self) -> tuple[ScoredMetric, ...]:
        """The metrics that ``score`` returns: of those that the kind declares, the ones that these settings measure."""
        measured = declaration(self.settings.kind).measured(self.settings)
        return tuple(metric for metric in measured if metric.kind != "corpus")

    @abstractmethod
    def examples(self) -> Iterator[Example]:
        """Yield instruction examples in the order of the documents."""

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
        """Return a score in [0, 1] for each of ``metrics`` that says something of the example."""

    @abstractmethod
    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the one answer that is right most often in training; empty if that means nothing here."""


def answer_of(generated: str) -> str:
    """Return the answer without its reasoning: what follows the last ``</think>``."""
    return generated.rpartition("</think>")[2].strip()


def coverage(entities: Sequence[str], answer: str) -> float:
    """Return the share of entities that an answer mentions, ignoring case; 1.0 if there are none."""
    folded = answer.casefold()
    return sum(entity.casefold() in folded for entity in entities) / len(entities) if entities else 1.0


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
