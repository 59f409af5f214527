"""A domain from raw material to an evaluated model, with a toy model; and one answer scored."""

from pathlib import Path
from typing import Any

from r1tailor import config, stage_outputs, stages, store
from r1tailor.document_files import read_documents, write_documents
from r1tailor.domain import Domain
from r1tailor.layout import RunFolder
from r1tailor.records import Example, Prediction
from tests.conftest import FASTER

TINY = ("model=tiny_llama", "trainer.max_steps=2", "trainer.validations=1", "trainer.max_length=2048")


def evaluated(domain: str, folder: Path, every: int, *overrides: str) -> dict[str, Any]:
    """Run every stage and return the metrics.

    All of the raw material is collected; of the documents every so many-th continues, so that tests stay quick.
    """
    settings = config.load([f"domain={domain}", *TINY, *FASTER, *overrides])
    run = RunFolder(folder)
    stages.collect(settings, run)
    some = list(read_documents(run.collected))[::every]
    with stage_outputs.sealed(settings, run, "collect"):
        write_documents(run.collected, some)
    for stage in (stages.clean, stages.annotate, stages.instruct, stages.teach, stages.train, stages.evaluate):
        stage(settings, run)
    metrics: dict[str, Any] = store.read_json(run.evaluation / "metrics.json")
    assert {goal.metric for goal in settings.domain.goals} <= metrics["models"]["tuned"].keys()
    assert store.read_json(run.examples / "report.json")["leaks"] == {"validation": 0, "test": 0}
    return metrics


def scores_of(domain: Domain, example: Example, answer: str, ranked: str = "") -> dict[str, float]:
    """Score one answer."""
    return domain.score(example, Prediction(example.id, answer, -1.0, 1, ranked))
