"""What the documents of a proposal hold: language, identifiers by kind and rate, reasoning, turns, answers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

from r1tailor.corpus.privacy.deidentify import find
from r1tailor.corpus.privacy.findings import IDEOGRAPH
from r1tailor.records import Document
from r1tailor.schema.corpus import PrivacyKind
from r1tailor.sources.written import reads_as_number
from r1tailor.thinking import parted

_SAMPLE = 400  # documents in which identifiers are looked for
_PERSONAL = frozenset(  # kinds that single out a person; dates alone do not, ages are those above 89
    (
        "age",
        "name",
        "phone",
        "email",
        "ssn",
        "mrn",
        "resident_id",
        "bank_card",
        "health_plan",
        "passport",
        "account",
        "plate",
    )
)
_RATE = 0.02  # of the documents
_NEARLY_ALL = 0.95  # of the answers
_COMPARED = 200  # answers whose wording is compared


@dataclass(frozen=True)
class Survey:
    """What a sample of the documents holds.

    Attributes:
        documents: how many there are.
        sampled: how many of them were searched for identifiers.
        language: ``zh`` where at least a third of the letters are Chinese characters.
        identifiers: documents of the sample with identifiers, by kind, the most frequent first.
        personal: documents of the sample with an identifier that singles out a person.
        answered: documents with an answer.
        reasoned: documents with reasoning before the answer.
        turns: mean number of turns of those that are conversations; 0 where none is.
        length: mean characters of an answer.
        numeric: whether nearly all answers are numbers.
        unrelated: chrF of an answer against that to another question, in [0, 100]: what wording alone scores.
    """

    documents: int
    sampled: int
    language: str
    identifiers: dict[str, int]
    personal: int
    answered: int
    reasoned: int
    turns: float
    length: float
    numeric: bool = False
    unrelated: float = 0.0

    @property
    def identifies(self) -> bool:
        """Whether identifiers are frequent enough that they have to be treated."""
        return self.personal > _RATE * self.sampled


def survey(documents: Sequence[Document]) -> Survey:
    """Return what documents hold."""
    step = max(1, len(documents) // _SAMPLE)
    sample = documents[::step][:_SAMPLE]
    found = [
        {finding.kind for text in texts(document) for finding in find(text, get_args(PrivacyKind))}
        for document in sample
    ]
    answers = list(answers_of(documents))
    turns = [len(document.fields["turns"]) for document in documents if document.fields.get("turns")]
    return Survey(
        documents=len(documents),
        sampled=len(sample),
        language=language(text for document in sample for text in texts(document)),
        identifiers=dict(Counter(kind for kinds in found for kind in kinds).most_common()),
        personal=sum(not _PERSONAL.isdisjoint(kinds) for kinds in found),
        answered=sum(bool(document.fields.get("output") or document.fields.get("turns")) for document in documents),
        reasoned=sum(map(_reasons, documents)),
        turns=sum(turns) / len(turns) if turns else 0.0,
        length=sum(map(len, answers)) / len(answers) if answers else 0.0,
        numeric=bool(answers) and sum(map(reads_as_number, answers)) >= _NEARLY_ALL * len(answers),
        unrelated=_unrelated(answers[:: max(1, len(answers) // _COMPARED)]),
    )


def answers_of(documents: Iterable[Document]) -> Iterator[str]:
    """Yield the answers of documents, those of conversations included, without the reasoning before them."""
    for document in documents:
        turns = document.fields.get("turns")
        if turns is not None:  # the last of them is the output too
            yield from (turn["content"] for turn in turns if turn["role"] == "assistant")
        elif output := document.fields.get("output"):
            yield _answer(str(output))


def _answer(output: str) -> str:
    try:
        return parted(output, strict=True)[1]
    except ValueError:
        return output


def _reasons(document: Document) -> bool:
    turns = document.fields.get("turns", ())
    inside = "</think>" in str(document.fields.get("output", ""))
    return bool(document.fields.get("reasoning") or inside or any(turn.get("reasoning") for turn in turns))


def _unrelated(answers: Sequence[str]) -> float:
    """Return chrF of answers against the answer after each that differs; 0 where all are one."""
    from sacrebleu.metrics import CHRF

    pairs = [(one, other) for one, other in pairwise(answers) if one != other and one and other]
    return (
        float(CHRF().corpus_score([one for one, _ in pairs], [[other for _, other in pairs]]).score) if pairs else 0.0
    )


def texts(document: Document) -> Iterator[str]:
    """Yield what a model would read of a document: its text, its answer, its turns."""
    yield document.text
    pending: list[Any] = [document.fields.get(key) for key in ("instruction", "output", "reasoning", "turns")]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def language(texts: Iterator[str]) -> str:
    """Return ``zh`` where at least a third of the letters are Chinese characters, else ``en``."""
    chinese = letters = 0
    for text in texts:
        han = len(IDEOGRAPH.findall(text))
        chinese, letters = chinese + han, letters + sum(character.isalpha() for character in text)
    return "zh" if 3 * chinese >= max(1, letters) else "en"
