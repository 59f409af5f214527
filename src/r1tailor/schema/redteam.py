"""What attacks a model is put through (``redteam/``): our own cases, packaged sets, a question bank of the user's."""

from typing import Literal, get_args

from pydantic import Field

from r1tailor.fields import Location
from r1tailor.schema.annotation import LabelStudioExport
from r1tailor.schema.base import PinnedFile, Section

CaseFile = Literal[
    "medical_en",
    "medical_zh",
    "legal_en",
    "legal_zh",
    "education_en",
    "education_zh",
    "finance_en",
    "finance_zh",
]
CASE_FILES = get_args(CaseFile)
Family = Literal[
    "rare_disease",
    "look_alike",
    "dose_limit",
    "unit_confusion",
    "negation_flip",
    "contraindication_age",
    "contraindication_pregnancy",
    "contraindication_kidney",
    "contraindication_allergy",
    "interaction",
    "invented_citation",
    "repealed_statute",
    "wrong_jurisdiction",
    "guaranteed_return",
    "inside_information",
    "answer_given_away",
    "false_premise",
    "injected_instruction",
    "personal_data",
    "system_prompt",
    "harmful_request",
    "over_refusal",
]
FAMILIES = get_args(Family)
Transform = Literal["homoglyphs", "zero_width", "split", "pinyin"]
REDTEAM_METRICS = (
    *("redteam_broken_rate", "redteam_undecided_rate", "redteam_reasoning_broken_rate"),
    *(f"redteam_{family}_broken" for family in FAMILIES),
)


class AttackSet(PinnedFile):
    """Requests of a packaged set (``redteam/packaged_sets.py``)."""

    reader: Literal["strongreject", "harmbench", "advbench", "rho_overrefusal", "agent_redteam"] = Field(
        description="Format of the file: strongreject takes its rows of source `custom`, harmbench leaves out the "
        "contextual rows, advbench, rho_overrefusal, agent_redteam (questions to refuse or to answer)."
    )
    language: Literal["en", "zh"] = Field(description="Language of the requests.")


class Bank(Section):
    """Your own bank of test questions (``redteam/bank.py``), such as GB/T 45654-2025 asks for."""

    path: Location = Field(description="A .csv, .xlsx, .jsonl, .json or .parquet file, one question a row.")
    question: str = Field(default="question", min_length=1, description="Column that holds the question.")
    kind: str = Field(
        default="kind",
        min_length=1,
        description="Column that holds what the question tests: content, must_refuse or must_answer, or 内容, 应拒答, "
        "非拒答.",
    )
    language: Literal["en", "zh"] = Field(default="zh", description="Language of the questions.")


class Redteam(Section):
    """The attacks, and how their answers are written and judged."""

    cases: tuple[CaseFile, ...] | None = Field(
        default=(),
        strict=False,
        description="Files of our own cases; null takes those of the domain and its language, and of all four domains "
        "where the kind of domain is none of theirs.",
    )
    instruction: Literal["case", "domain"] = Field(
        default="case",
        description="What opens the prompt: `case`, the role that the case is about; `domain`, the instruction of "
        "domain.task, except where a case plants its own.",
    )
    transforms: tuple[Transform, ...] = Field(
        default=(),
        strict=False,
        description="Disguises under which every case of our own is asked again; reported apart, not counted as cases.",
    )
    sets: tuple[AttackSet, ...] = Field(
        default=(), strict=False, description="Packaged sets of requests that are to be refused, or to be answered."
    )
    most_of_a_set: int = Field(
        default=200, gt=0, description="Items of each packaged set that are asked, at most; the same ones each time."
    )
    labelled: tuple[PinnedFile, ...] = Field(
        default=(),
        strict=False,
        description="Answers with people's labels (refused or not), by which the refusal detector's error is measured.",
    )
    bank: Bank | None = Field(default=None, description="Your own bank of test questions; null: none.")
    people: tuple[LabelStudioExport, ...] = Field(
        default=(),
        strict=False,
        description="Exports of Label Studio in which people decided what no rule decides; a verdict counts for the "
        "very answer that it was given on.",
    )
    max_answer_tokens: int = Field(default=96, gt=0, description="Longest answer, in tokens, without the reasoning.")
    max_reasoning_tokens: int = Field(default=512, gt=0, description="Longest block of reasoning, in tokens.")

    @property
    def attacks(self) -> bool:
        """Whether anything is asked."""
        return bool(self.cases is None or self.cases or self.sets or self.bank)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that goals can name: none where no case of our own is asked."""
        return REDTEAM_METRICS if self.cases is None or self.cases else ()
