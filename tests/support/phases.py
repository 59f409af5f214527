"""A run of two phases over examples of four tasks, with a toy model."""

from pathlib import Path

from r1tailor import config, store
from r1tailor.document_files import write_documents
from r1tailor.layout import RunFolder
from r1tailor.record_files import write_records
from r1tailor.records import Example
from r1tailor.schema.curriculum import PhasedCurriculum
from r1tailor.schema.settings import Settings
from tests.support.sealed import seal

FINAL = "2-volatility"


TASKS = ("trend", "volatility", "risk", "allocation")


OPTIONS = (
    "model=tiny_llama",
    "curriculum=by_task",
    "trainer.precision=fp32",
    "trainer.batch_size=4",
    "trainer.max_steps=5",
    "trainer.validations=2",
    "trainer.validation_examples=12",
    "trainer.checkpoints.every_steps=1",
    "optimizer.lr=1e-2",
)


def settings_of(*overrides: str) -> Settings:
    """Compose the first two phases of ``curriculum=by_task``, of half the steps each."""
    settings = config.load([*OPTIONS, *overrides])
    curriculum = settings.curriculum
    assert isinstance(curriculum, PhasedCurriculum)
    halves = {key: phase.model_copy(update={"share": 0.5}) for key, phase in curriculum.phases.items()}
    phases = {key: halves[key] for key in curriculum.keys[:2]}
    shorter = curriculum.model_copy(update={"phases": phases, "final": FINAL})
    return settings.model_copy(update={"curriculum": shorter})


def laid_out(folder: Path) -> RunFolder:
    """Lay out a run of examples of four tasks in turns, ready to be trained on."""
    run = RunFolder(folder)
    run.examples.mkdir(parents=True)
    run.provenance.parent.mkdir(parents=True)
    store.write_json(run.provenance, [])
    made = [
        Example(
            f"e{i}", "Name the group.", f"item {i} {'long ' * (i % 3)}", TASKS[i % 4], fields={"task": TASKS[i % 4]}
        )
        for i in range(44)
    ]
    for name, members in (("train", made[:32]), ("validation", made[32:]), ("test", made[:1])):
        write_records(run.examples / f"{name}.jsonl", members)
    for path in (run.cleaned, run.annotated):
        path.parent.mkdir(parents=True)
        write_documents(path, ())
    store.write_json(run.examples / "report.json", {})
    seal(run)
    return run
