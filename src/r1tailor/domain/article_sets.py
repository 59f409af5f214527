"""Statute completeness: examples of what provisions and judgments cite, and the score of a set of articles.

A provision's example is its text with every citation of a library article taken out; the reference is what was cited
there. The act is named above the text, since whoever reads a provision knows the act. Of judgments the facts are
asked, and the reference is what reasoning and ruling cite. The library is every article of every act among the
documents, in force or not, and what judgments cite of other acts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.chinese_numerals import article_numbers
from r1tailor.domain.cited_articles import (
    Article,
    ChineseCitations,
    Citation,
    Citations,
    EnglishCitations,
    Masked,
    masked,
    number_of,
)
from r1tailor.domain.legal import names_of
from r1tailor.domain.legal_articles import LegalArticlesDomain
from r1tailor.domain.named_metrics import precision_recall_f1
from r1tailor.domain.passages import passages
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction

_CITES, _READS = "citations", "article"  # tasks of examples: what a text cites; which article a text is


class ArticleSets(Domain):
    """Sets of articles over ``sources/eu_laws.py``, ``sources/zh_laws.py`` and ``sources/judgments.py``."""

    settings: LegalArticlesDomain

    def __init__(self, settings: LegalArticlesDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._citations = _citations(settings, documents)
        self._article_of = {
            document.id: article for document in documents if (article := self._own(document)) is not None
        }
        self._in_force: dict[Article, bool] = {}
        for document in documents:
            if article := self._article_of.get(document.id):
                self._in_force[article] = self._in_force.get(article, False) or _is_in_force(document)
        acts = {article.act for article in self._in_force}
        for document in documents:
            applied = self._applied(document) if _is_judgment(document) else []
            self._in_force |= {article: True for article in applied if article.act not in acts}
        self._repealed = {self._citations.act(name) for name in settings.task.repealed_acts}
        self._left_out: Counter[str] = Counter()

    def examples(self) -> Iterator[Example]:
        """Yield an example for each passage that cites, each judgment with facts, and each article that is to be read.

        Passages of one article are one group; ``fields["task"]`` tells the kinds of examples apart.

        Raises:
            DataError: no document is an article of an act or a judgment.
        """
        self._left_out.clear()
        self._count_unread()
        provisions = list(self._provisions())
        counted = Counter(article.act for article, *_ in provisions)
        chosen = {act for act, _ in counted.most_common(self.settings.task.acts)}
        task = self.settings.task
        for article, document, number, passage in provisions:
            if article.act in chosen:
                asked = f"{self._called(article.act)}\n\n{passage.text}"
                yield self._example(f"{document.id}#{number}", task.instruction, asked, passage.articles, document)
        for document in self.documents:
            if _is_judgment(document):
                yield from self._case(document)
            elif task.article_instruction and document.id in self._article_of:
                yield from self._reading(document, chosen)

    def placed(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Put the articles that are to be read into train: a held-out item asks what is cited."""
        return {example.id: "train" for example in examples if example.fields["task"] == _READS}

    def remarks(self) -> Sequence[str]:
        """Say what was left out, and why."""
        return tuple(f"{count:,} {reason}" for reason, count in self._left_out.items())

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer's set of articles; counts are articles per answer."""
        cited = self.cited_in(answer_of(prediction.generated), example.fields["act"])
        wanted = {Article(*pair) for pair in example.fields["cited"]}
        hits = len(cited & wanted)
        precision, recall, f1 = precision_recall_f1(hits, len(cited), len(wanted))
        repealed = {article for article in cited if self._is_repealed(article)}
        invented = cited - self._in_force.keys() - repealed
        return {
            "article_f1": f1,
            "article_precision": precision,
            "article_recall": recall,
            "all_articles": float(hits == len(wanted)),
            "citation_validity": float(bool(cited) and not invented),
            "invented_articles": float(len(invented)),
            "repealed_articles": float(len(repealed)),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the set that is cited most often in the training examples."""
        counted = Counter(example.output for example in train if example.fields["task"] == _CITES)
        return counted.most_common(1)[0][0] if counted else ""

    def cited_in(self, answer: str, own: str) -> set[Article]:
        """Return the articles that an answer cites; without an act named before, those of ``own``."""
        found = self._citations.found(answer, own, carry=True)
        return {article for one in found for article in one.articles}

    def citations_of(self, document: Document) -> list[Citation]:
        """Return the citations of library articles in a provision; empty for one that is not in force."""
        article = self._article_of.get(document.id)
        return self._known(document, article) if article and _is_in_force(document) else []

    def _count_unread(self) -> None:
        unread = [each for each in self.documents if each.id not in self._article_of and not _is_judgment(each)]
        if len(unread) == len(self.documents):
            raise DataError(
                f"domain {self.settings.name}: no document is an article (fields act and article, or law and "
                "article) or a judgment; sources are packaged acts, your own with these fields, and kind: judgments"
            )
        if unread:
            self._left_out["documents are no numbered article and no judgment"] = len(unread)

    def _provisions(self) -> Iterator[tuple[Article, Document, int, Masked]]:
        """Yield each passage in force that cites other articles: its article, document and number."""
        for document in self.documents:
            found = self.citations_of(document)
            if not found:
                continue
            article = self._article_of[document.id]
            if self._citations.amends.search(document.text):
                self._left_out["provisions change another act: what they cite is not told apart"] += 1
                continue
            for number, passage in enumerate(self._passages(document.text, found)):
                others = tuple(cited for cited in passage.articles if cited != article and self._in_force[cited])
                if others:
                    yield article, document, number, passage._replace(articles=others)

    def _passages(self, text: str, found: Sequence[Citation]) -> Iterator[Masked]:
        cut = partial(passages, longest=self.settings.task.passage_characters)
        return masked(text, found, self._citations.mask, cut)

    def _known(self, document: Document, article: Article) -> list[Citation]:
        """Return the citations of a provision that cite the library; what is cited besides is in no answer."""
        listed = (
            one._replace(articles=tuple(cited for cited in one.articles if cited in self._in_force))
            for one in self._citations.found(document.text, article.act)
        )
        return [one for one in listed if one.articles]

    def _case(self, document: Document) -> Iterator[Example]:
        """Yield the example of a judgment: its facts, without what they cite; none without facts or articles."""
        facts, applied = document.fields["facts"], self._applied(document)
        wanted = [article for article in applied if article in self._in_force]
        if not facts or not wanted:
            self._left_out["judgments have no facts, or cite no article of the library"] += 1
            return
        found = self._citations.found(facts)
        (case,) = masked(facts, found, self._citations.mask, lambda text: [text])
        instruction = self.settings.task.case_instruction or self.settings.task.instruction
        yield self._example(document.id, instruction, case.text, wanted, document)

    def _applied(self, document: Document) -> list[Article]:
        """Return the articles that reasoning and ruling of a judgment cite."""
        text = f"{document.fields['reasoning']}\n{document.fields['ruling']}"
        found = (article for one in self._citations.found(text) for article in one.articles)
        return list(dict.fromkeys(found))

    def _reading(self, document: Document, chosen: set[str]) -> Iterator[Example]:
        """Yield the example of an article that is to be read: the beginning of its text -> its own citation."""
        article = self._article_of[document.id]
        if article.act not in chosen or not _is_in_force(document):
            return
        passage = next(self._passages(document.text, self._known(document, article)), None)
        if passage:
            asked = f"{self._called(article.act)}\n\n{passage.text}"
            instruction = self.settings.task.article_instruction or ""
            yield self._example(f"{document.id}#{_READS}", instruction, asked, [article], document, _READS)

    def _example(
        self,
        id_: str,
        instruction: str,
        asked: str,
        cited: Sequence[Article],
        document: Document,
        task: str = _CITES,
    ) -> Example:
        own = self._article_of.get(document.id, Article("", ""))
        ordered = sorted(cited, key=lambda one: (one.act != own.act, one.act, _order(one.number)))
        output = written(self.settings.task, {"articles": self._citations.written(ordered)})
        kept = {"task": task, "act": own.act, "cited": [list(one) for one in ordered]}
        known = document.available_at
        return Example(id_, instruction, asked, output, group=document.id, fields=kept, available_at=known)

    def _called(self, act: str) -> str:
        return f"《{act}》" if self.settings.language == "zh" else act

    def _is_repealed(self, article: Article) -> bool:
        return self._in_force.get(article) is False or article.act in self._repealed

    def _own(self, document: Document) -> Article | None:
        """Return the article that a document is; None for one without a number (全文), and for judgments."""
        fields = document.fields
        if "law" in fields:
            numbers = article_numbers(fields["article"])[:1]
            act = self._citations.act(fields["law"])
            return next((Article(act, f"{one}-{put_in}" if put_in else str(one)) for one, put_in in numbers), None)
        return Article(fields["act"], str(fields["article"])) if {"act", "article"} <= fields.keys() else None


def _citations(settings: LegalArticlesDomain, documents: Sequence[Document]) -> Citations:
    """Return how the language of a domain cites, with the names of the acts among its documents."""
    repealed = settings.task.repealed_acts
    if settings.language == "zh":
        return ChineseCitations({*(document.fields.get("law", "") for document in documents), *repealed} - {""})
    named = {(d.fields["act"], d.fields.get("official_number", "")) for d in documents if "act" in d.fields}
    return EnglishCitations(
        {name: act for act, number in sorted(named) for name in names_of(act, number)}
        | {name: act for act in repealed for name in names_of(act, number_of(act))}
    )


def _is_judgment(document: Document) -> bool:
    return "statutes" in document.fields


def _is_in_force(document: Document) -> bool:
    return bool(document.fields.get("in_force", True))


def _order(number: str) -> tuple[int, str]:
    digits = "".join(sign for sign in number.partition("-")[0].partition(".")[0] if sign.isdecimal())
    return int(digits or 0), number
