"""A domain: settings that cannot be meant are refused."""

import pytest

from tests.support.refusals import MEDICAL, faults_of

METRICS = (
    "perplexity, bleu, category_accuracy, chapter_accuracy, chapter_accuracy_ranked, entity_coverage, "
    "coding_compliance, think_rate, reasoning_tokens, truncated, answer_cut, answer_perplexity, reasoning_perplexity, "
    "ranked_brier, ranked_ece, unsupported"
)

OPEN = "{use:train,redistribution:true,embargo_until:null,inside_information:false}"
REFUSED: list[tuple[str, list[str]]] = [
    ("domain.task.labls=[a]", [f"domain.task.labls is not a setting of {MEDICAL}. Did you mean domain.task.labels?"]),
    ("domain.split.test=1.0", [f"domain.split.test = 1.0: must be less than 1 ({MEDICAL})"]),
    (
        "domain.goals=[{metric:belu,at_least:1,why:x}]",
        [f"domain.goals.0.metric = 'belu': must be one of {METRICS}. Did you mean bleu?"],
    ),
    (
        "domain.split.validation=0.9 domain.split.test=0.1",
        [f"domain.split: validation + test must be below 1, or nothing is left to train on ({MEDICAL})"],
    ),
    ("domain.goals=[{metric:bleu,why:x}]", [f"domain.goals.0: a goal has either at_least or at_most ({MEDICAL})"]),
    ("domain.goals=[{metric:bleu,at_least:1}]", [f"domain.goals.0.why is missing from {MEDICAL}"]),
    ("domain.split.embargo_days=5", [f"domain.split: boundaries and embargo_days are of by: time ({MEDICAL})"]),
    (
        "domain.split.by=time domain.split.boundaries={validation:'2020-02-01',test:'2020-01-01'}",
        [f"domain.split.boundaries: validation must not be later than test ({MEDICAL})"],
    ),
    (
        "domain.compliance=hipaa domain.cleaning.privacy=null",
        [
            "domain: compliance = hipaa needs cleaning.privacy: hipaa (every kind of identifier is redacted), or kinds "
            f"and their modes ({MEDICAL})"
        ],
    ),
    (
        "domain.compliance=securities",
        [
            "domain: compliance = securities needs permissions (use, redistribution, embargo_until, "
            f"inside_information) of every source; none in icd10cm ({MEDICAL})"
        ],
    ),
    (
        f"+domain.sources.0.permissions={OPEN.replace('train', 'evaluate')}",
        [f"domain: no source has permissions.use = train: there is nothing to train on ({MEDICAL})"],
    ),
    (
        f"+domain.sources.0.permissions={OPEN.replace('information:false', 'information:true')}",
        [
            "domain.sources.0.permissions: inside_information = true: material that is not public may not be used; "
            f"leave it out ({MEDICAL})"
        ],
    ),
    (
        f"+domain.sources.0.permissions={OPEN.replace('null', 'soon')}",
        [f'domain.sources.0.permissions.embargo_until: must be a date such as "2024-12-31" ({MEDICAL})'],
    ),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults
