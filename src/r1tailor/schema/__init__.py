"""Every section of the configuration, in the order of the data's way.

The models are frozen and refuse unknown keys. A section that comes in several kinds is tagged by ``kind``.
Values are checked here, once; everything below can rely on them. This room imports neither Hydra nor torch,
so a faulty configuration is refused within a second.
"""

from typing import Annotated

from pydantic import Field

from r1tailor.fields import Location
from r1tailor.schema.annotation import (
    AgreementGate,
    Annotation,
    Export,
    LabelStudioExport,
    OwnScheme,
    ProdigyExport,
    Question,
    RecordsExport,
    RelationLabel,
    Scheme,
    ShippedScheme,
    SpanLabel,
)
from r1tailor.schema.base import Section
from r1tailor.schema.corpus import (
    Cleaning,
    CleaningRule,
    Compliance,
    Corpus,
    Duplicates,
    Fuzzy,
    Icd10cmVocabulary,
    Privacy,
    PrivacyKind,
    PrivacyMode,
    SynonymVocabulary,
    Terms,
    UmlsVocabulary,
    Vocabulary,
)
from r1tailor.schema.curriculum import (
    ByLengthCurriculum,
    ByLengthPhase,
    CompetenceCurriculum,
    CompetencePhase,
    Curriculum,
    Difficulty,
    OnePhase,
    Phase,
    PhasedCurriculum,
    ShuffledCurriculum,
    ShuffledPhase,
    Take,
    TakeQuantiles,
    TakeValues,
)
from r1tailor.schema.domain import (
    Boundaries,
    DiseaseTask,
    Domain,
    EducationDomain,
    EducationZhDomain,
    FinanceDomain,
    FinanceTask,
    GenericDomain,
    Goal,
    LawsTask,
    Leaks,
    LegalDomain,
    LegalZhDomain,
    MedicalDomain,
    MedicalZhDomain,
    Metric,
    PassageTask,
    Split,
    Task,
)
from r1tailor.schema.evaluation import EarlyWarning, Evaluation, Portfolio, WalkForward
from r1tailor.schema.finance import Channel, Crises, CrisisEvent, Market, MarketTask, Series, Thresholds
from r1tailor.schema.market import BarColumns, Bars, BarsSource, BarsSqlSource, FeedSource, Retries, WindSource
from r1tailor.schema.model import (
    Chat,
    HubModel,
    LocalModel,
    LoraAdvice,
    Model,
    PackagedModel,
    RandomModel,
    Targets,
    Temporal,
    TemporalSize,
)
from r1tailor.schema.sources import (
    Columns,
    GeneratedSource,
    GeneratedTask,
    JatsSource,
    JsonlSource,
    JudgmentSource,
    MimicSource,
    PackagedSource,
    PdfSource,
    PubmedSource,
    Source,
    SqlSource,
    TableSource,
    TextSource,
)
from r1tailor.schema.training import (
    OPTIMIZER_PREFIXES,
    Checkpoints,
    ConstantScheduler,
    CosineScheduler,
    EarlyStopping,
    FullStrategy,
    LoraStrategy,
    Optimizer,
    Recommended,
    Scheduler,
    Strategy,
    Trainer,
)

__all__ = [
    "OPTIMIZER_PREFIXES",
    "AgreementGate",
    "Annotation",
    "BarColumns",
    "Bars",
    "BarsSource",
    "BarsSqlSource",
    "Boundaries",
    "ByLengthCurriculum",
    "ByLengthPhase",
    "Channel",
    "Chat",
    "Checkpoints",
    "Cleaning",
    "CleaningRule",
    "Columns",
    "CompetenceCurriculum",
    "CompetencePhase",
    "Compliance",
    "ConstantScheduler",
    "Corpus",
    "CosineScheduler",
    "Crises",
    "CrisisEvent",
    "Curriculum",
    "Difficulty",
    "DiseaseTask",
    "Domain",
    "Duplicates",
    "EarlyStopping",
    "EarlyWarning",
    "EducationDomain",
    "EducationZhDomain",
    "Evaluation",
    "Export",
    "FeedSource",
    "FinanceDomain",
    "FinanceTask",
    "FullStrategy",
    "Fuzzy",
    "GeneratedSource",
    "GeneratedTask",
    "GenericDomain",
    "Goal",
    "HubModel",
    "Icd10cmVocabulary",
    "JatsSource",
    "JsonlSource",
    "JudgmentSource",
    "LabelStudioExport",
    "LawsTask",
    "Leaks",
    "LegalDomain",
    "LegalZhDomain",
    "LocalModel",
    "LoraAdvice",
    "LoraStrategy",
    "Market",
    "MarketTask",
    "MedicalDomain",
    "MedicalZhDomain",
    "Metric",
    "MimicSource",
    "Model",
    "OnePhase",
    "Optimizer",
    "OwnScheme",
    "PackagedModel",
    "PackagedSource",
    "PassageTask",
    "PdfSource",
    "Phase",
    "PhasedCurriculum",
    "Portfolio",
    "Privacy",
    "PrivacyKind",
    "PrivacyMode",
    "ProdigyExport",
    "PubmedSource",
    "Question",
    "RandomModel",
    "Recommended",
    "RecordsExport",
    "RelationLabel",
    "Retries",
    "Scheduler",
    "Scheme",
    "Section",
    "Series",
    "Settings",
    "ShippedScheme",
    "ShuffledCurriculum",
    "ShuffledPhase",
    "Source",
    "SpanLabel",
    "Split",
    "SqlSource",
    "Strategy",
    "SynonymVocabulary",
    "TableSource",
    "Take",
    "TakeQuantiles",
    "TakeValues",
    "Targets",
    "Task",
    "Temporal",
    "TemporalSize",
    "Terms",
    "TextSource",
    "Thresholds",
    "Trainer",
    "UmlsVocabulary",
    "Vocabulary",
    "WalkForward",
    "WindSource",
]


class Settings(Section):
    """The whole composition.

    ``output`` is the folder of a direct run (null: a new one below ``outputs/runs``); ``resume`` continues
    the run in ``output``, or the newest one.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    resume: bool
    output: Location | None
    corpus: Corpus
    domain: Domain
    model: Model
    temporal: Temporal
    strategy: Strategy
    optimizer: Optimizer
    scheduler: Scheduler
    curriculum: Curriculum
    trainer: Trainer
    evaluation: Evaluation


# Which settings each stage depends on, in the order of the data's way. ``dvc.yaml`` lists the same, and a
# test holds the two together.
STAGE_SECTIONS: dict[str, tuple[str, ...]] = {
    "collect": ("domain.sources",),
    "clean": ("domain.cleaning", "domain.compliance", "corpus"),
    "annotate": ("seed", "domain.annotation"),
    "instruct": ("seed", "domain.task", "domain.split"),
    "train": (
        "seed",
        "model",
        "temporal",
        "strategy",
        "optimizer",
        "scheduler",
        "curriculum.kind",
        "curriculum.phases.${key}",  # each phase is a stage, and only its own settings make it run again
        "trainer",
    ),
    "ablate": (
        "seed",
        "domain.task",
        "domain.split",
        "model",
        "temporal",
        "strategy",
        "optimizer",
        "scheduler",
        "curriculum",
        "trainer",
        "evaluation.ablate_text",
    ),
    "evaluate": ("seed", "domain.task", "evaluation"),
    "register": ("domain.goals",),
}
