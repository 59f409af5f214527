"""Studies without a model: an evaluated run of two subjects, a planned study, votes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from r1tailor.record_files import read_predictions, write_records
from r1tailor.records import Example
from r1tailor.registry import Registry
from r1tailor.serving.study.folder import Page, Study, create
from r1tailor.serving.study.plan import Assumed, planned
from r1tailor.serving.study.subjects import Answered, answered
from r1tailor.serving.study.votes import Vote
from tests.support.evaluated import write_run

ITEMS = [Example(f"e{i}", "Name the group.", f"item {i}", f"group {i % 3}") for i in range(24)]
SUBJECTS = ("base", "tuned")


def write_evaluated(root: Path, name: str = "outputs/runs/a") -> Path:
    """Write a run whose tuned model is right on every item, and whose base model rambles on all but two."""
    folder = write_run(root / name, [True] * len(ITEMS), items=ITEMS)
    evaluation = folder / "evaluation"
    tuned = read_predictions(evaluation / "predictions-tuned.jsonl")
    base = [replace(one, generated=f"well, {one.generated}, perhaps") for one in tuned]
    write_records(evaluation / "predictions-base.jsonl", [*tuned[:2], *base[2:]])
    return folder


def serving(root: Path) -> Path:
    """Where a project keeps its studies."""
    return root / "outputs" / "serving"


def found(root: Path) -> Answered:
    return answered("toy", SUBJECTS, Registry(root / "outputs" / "registry"), root)


def new_study(root: Path, items: int = 12, raters: int = 2, repeats: float = 0.2) -> tuple[Study, list[str]]:
    """Plan a study of the evaluated run; return it with the tokens of its raters."""
    write_evaluated(root)
    plan, drawn = planned("toy-study-1", found(root), SUBJECTS, (items, raters, repeats), 0.95, Assumed(), 7)
    return create(serving(root), plan, drawn)


def tuned_is_better(page: Page) -> Vote:
    """Prefer the second subject's answer, whichever side it is on."""
    return Vote("a" if page.trial.swapped else "b")


def vote_all(study: Study, choose: Callable[[Page], Vote] = tuned_is_better) -> None:
    """Let every rater answer every page."""
    for rater in range(study.plan.raters):
        while page := study.page(rater):
            assert study.vote(rater, page.number, choose(page))
