"""Each of the legal, educational, financial and Chinese medical domains from raw material to an evaluated model.

All of the real material is collected; of the largest a part goes on, so that the tests stay quick.
"""

from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.layout import RunFolder
from r1tailor.records import read_documents, write_documents
from tests.conftest import FASTER

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
FEW_DECISIONS = ["domain.task={every_days: 20, numbers_as_text: true}", "evaluation.max_items=24", "evaluation=split"]
FEW_TASKS = ["domain.sources.0.tasks=[{name: chain_sum, levels: [1, 2], size: 60}]"]


@pytest.mark.parametrize(
    ("domain", "every", "overrides", "measured", "compared"),
    [
        ("legal", 5, [], "citation_validity", "act_accuracy_against_base_ranked"),
        ("legal_zh", 40, ["domain.task.largest_laws=9"], "citation_validity", "law_accuracy_against_base_ranked"),
        ("education", 1, FEW_TASKS, "verified_accuracy", "step_coverage"),
        ("education_zh", 1, [], "within_syllabus", "verified_accuracy"),
        ("finance", 1, FEW_DECISIONS, "risk_vocabulary_coverage", "risk_accuracy_against_base_ranked"),
        ("medical_zh", 5, [], "department_accuracy", "department_accuracy_against_base_ranked"),
    ],
)
def test_a_domain_goes_from_raw_material_to_an_evaluated_model(
    domain: str, every: int, overrides: list[str], measured: str, compared: str, tmp_path: Path
) -> None:
    tiny = ("model=tiny_llama", "trainer.max_steps=2", "trainer.validations=1", "trainer.max_length=2048")
    settings = config.load([f"domain={domain}", *tiny, *FASTER, *overrides])
    run = RunFolder(tmp_path)
    stages.collect(settings, run)
    write_documents(run.collected, list(read_documents(run.collected))[::every])
    for stage in (stages.clean, stages.annotate, stages.instruct, stages.train, stages.evaluate):
        stage(settings, run)
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert 0 <= metrics["models"]["tuned"][measured]["value"] <= 1
    assert compared in metrics["comparisons"]
    assert {goal.metric for goal in settings.domain.goals} <= metrics["models"]["tuned"].keys()
    assert store.read_json(run.examples / "report.json")["leaks"] == {"validation": 0, "test": 0}
