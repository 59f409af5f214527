"""Chinese law: a passage of an article -> the law, the article and the field of law.

The closed set is that of the largest laws; whether a citation is valid is decided over every article of every law, in
force or not: what once existed is not invented.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.chinese_numerals import ArticleNumber, article_numbers
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.passages import PassageTask, passages
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_STATE = "中华人民共和国"


class LawsTask(PassageTask):
    """A task over passages of the largest laws."""

    largest_laws: int = Field(
        gt=1, description="Laws with the most articles in force that examples and the closed set come from."
    )


class LegalZhDomain(DomainSection):
    """Passages of Chinese laws: law, article and field of law."""

    kind: Literal["legal_zh"] = Field(description="legal_zh: law, article and field of a passage of Chinese law.")
    task: LawsTask = Field(description="What the model is asked.")


class LegalZh(Domain):
    """Citations over the articles of ``sources/zh_laws.py``."""

    settings: LegalZhDomain

    def __init__(self, settings: LegalZhDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._articles: dict[str, set[ArticleNumber]] = {}
        for document in documents:
            short = document.fields["law"].removeprefix(_STATE)
            self._articles.setdefault(short, set()).update(article_numbers(document.fields["article"])[:1])
        self._departments = tuple(dict.fromkeys(document.fields["department"] for document in documents))
        names = map(re.escape, sorted(self._articles, key=len, reverse=True))
        self._law_name = re.compile(rf"(?:{_STATE})?({'|'.join(names)})")
        in_force = Counter(document.fields["law"] for document in documents if document.fields["in_force"])
        self._laws = tuple(law for law, _ in in_force.most_common(settings.task.largest_laws))

    def examples(self) -> Iterator[Example]:
        """Yield one example for each passage of an article in force of the largest laws; an article is one group."""
        task, chosen = self.settings.task, set(self._laws)
        for document in self.documents:
            fields = document.fields
            numbers = article_numbers(fields["article"])
            if not fields["in_force"] or fields["law"] not in chosen or not numbers:
                continue
            values = {name: fields[name] for name in ("law", "article", "department")}
            output, kept = written(task, values), {**values, "number": list(numbers[0])}
            for number, passage in enumerate(passages(document.text, task.passage_characters)):
                id_ = f"{document.id}#{number}"
                yield Example(id_, task.instruction, passage, output, group=document.id, fields=kept)

    def labels(self) -> tuple[str, ...]:
        """Return the beginnings of the answers for each of the largest laws, or the labels of the task."""
        return self.settings.task.labels or tuple(f"《{law}》" for law in self._laws)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one citation against its reference."""
        answer, fields = answer_of(prediction.generated), example.fields
        law, numbers = self.law_in(answer), article_numbers(answer)
        right, complete = law == fields["law"].removeprefix(_STATE), bool(law and numbers)
        return {
            "law_accuracy": float(right),
            "law_accuracy_ranked": float(self.law_in(prediction.ranked) == fields["law"].removeprefix(_STATE)),
            "article_accuracy": float(right and numbers[:1] == [tuple(fields["number"])]),
            "field_of_law_accuracy": float(self._department_in(answer) == fields["department"]),
            "citation_completeness": float(complete),
            "citation_validity": float(complete and self._articles[law].issuperset(numbers)),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return an answer of the most frequent law of the training examples."""
        (law, _), *_ = Counter(example.fields["law"] for example in train).most_common(1)
        (output, _), *_ = Counter(e.output for e in train if e.fields["law"] == law).most_common(1)
        return output

    def law_in(self, answer: str) -> str:
        """Return the law that an answer names first, without the name of the state; empty if there is none."""
        found = self._law_name.search(answer)
        return found.group(1) if found else ""

    def _department_in(self, answer: str) -> str:
        """Return the field of law that stands last in an answer (a law's name may hold one, and comes first)."""
        places = [(answer.rfind(department), len(department), department) for department in self._departments]
        place, _, department = max(places)
        return department if place >= 0 else ""


DECLARATION = Declaration(
    kind="legal_zh",
    section=LegalZhDomain,
    implementation="r1tailor.domain.legal_zh:LegalZh",
    metrics=(
        ScoredMetric(
            "law_accuracy",
            "proportion",
            constant_answer=True,
            ranked="law_accuracy_ranked",
            description="Answers that name the right law.",
        ),
        ScoredMetric(
            "law_accuracy_ranked",
            "proportion",
            description="The same, taking the law that the model finds likeliest instead of a free answer.",
        ),
        ScoredMetric(
            "article_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers that name the right article of the right text.",
        ),
        ScoredMetric(
            "field_of_law_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers that name the right field of law.",
        ),
        ScoredMetric(
            "citation_completeness", "proportion", description="Answers that name both a text and an article."
        ),
        ScoredMetric(
            "citation_validity",
            "proportion",
            description="Answers whose citation is complete and exists; what is invented does not.",
        ),
    ),
)
