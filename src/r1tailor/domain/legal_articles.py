"""Which articles a provision or a case needs: text with its citations taken out -> the set of articles it cites.

The material is what packaged acts cite of one another, and judgments of your own (facts -> articles that the court
applied). ``domain/article_sets.py`` makes the examples and scores the answers.
"""

from typing import Literal

from pydantic import Field

from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.passages import PassageTask
from r1tailor.schema.domain import DomainSection


class ArticlesTask(PassageTask):
    """What is asked of a provision or a case."""

    case_instruction: str = Field(
        default="", description="Instruction for the facts of judgments; empty: the same as of provisions."
    )
    article_instruction: str | None = Field(
        default=None,
        description="Instruction of further training examples, one for each article of the acts: its text -> its own "
        "citation, so that the model has read what it may cite; null: none. They are in no held-out part.",
    )
    acts: int | None = Field(
        default=None, gt=0, description="Acts with the most citing provisions that examples come from; null: all."
    )
    repealed_acts: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Acts that are no longer in force and not in the library: citing one counts as repealed, not as "
        "invented.",
    )


class LegalArticlesDomain(DomainSection):
    """Provisions and cases: the set of articles that each needs."""

    kind: Literal["legal_articles"] = Field(description="legal_articles: the articles that a provision or case needs.")
    task: ArticlesTask = Field(description="What the model is asked.")


DECLARATION = Declaration(
    kind="legal_articles",
    section=LegalArticlesDomain,
    implementation="r1tailor.domain.article_sets:ArticleSets",
    metrics=(
        ScoredMetric(
            "article_f1",
            "mean",
            constant_answer=True,
            description="F1 of the set of articles that an answer cites, act and number.",
        ),
        ScoredMetric(
            "article_precision",
            "mean",
            constant_answer=True,
            description="Share of the articles an answer cites that the item needs; 0 where it cites none.",
        ),
        ScoredMetric(
            "article_recall",
            "mean",
            constant_answer=True,
            description="Share of the articles that the item needs that the answer cites.",
        ),
        ScoredMetric(
            "all_articles",
            "proportion",
            constant_answer=True,
            description="Answers that cite every article that the item needs.",
        ),
        ScoredMetric(
            "citation_validity",
            "proportion",
            description="Answers that cite an article, and only articles that exist, in force or repealed.",
        ),
        ScoredMetric("invented_articles", "mean", description="Articles per answer that no act of the library has."),
        ScoredMetric("repealed_articles", "mean", description="Articles per answer that are no longer in force."),
    ),
)
