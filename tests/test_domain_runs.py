"""Each of the legal, educational and Chinese medical domains from raw material to an evaluated model."""

from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.stages import RunFolder
from tests.conftest import FASTER

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
FEW_LAWS = ("domain.task.largest_laws=2", "domain.task.passage_characters=60")
FEW_TASKS = "domain.sources.0.tasks=[{name: chain_sum, levels: [1, 2], size: 60}]"


@pytest.mark.parametrize(
    ("domain", "overrides", "measured", "compared"),
    [
        ("legal", ("domain.task.passage_characters=1200",), "citation_validity", "act_accuracy_against_base_ranked"),
        ("legal_zh", FEW_LAWS, "citation_validity", "law_accuracy_against_base_ranked"),
        ("education", (FEW_TASKS,), "verified_accuracy", "step_coverage"),
        ("education_zh", (), "within_syllabus", "verified_accuracy"),
        ("medical_zh", (), "department_accuracy", "department_accuracy_against_base_ranked"),
    ],
)
def test_a_domain_goes_from_raw_material_to_an_evaluated_model(
    domain: str, overrides: tuple[str, ...], measured: str, compared: str, tmp_path: Path
) -> None:
    tiny = ("model=tiny_llama", "trainer.max_steps=2", "trainer.validations=1", "trainer.max_length=2048")
    settings = config.load([f"domain={domain}", *tiny, *FASTER, *overrides])
    run = RunFolder(tmp_path)
    for stage in (stages.collect, stages.clean, stages.instruct, stages.train, stages.evaluate):
        stage(settings, run)
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert 0 <= metrics["models"]["tuned"][measured]["value"] <= 1
    assert compared in metrics["comparisons"]
    assert {goal.metric for goal in settings.domain.goals} <= metrics["models"]["tuned"].keys()
    assert store.read_json(run.examples / "report.json")["leaks"] == {"validation": 0, "test": 0}
