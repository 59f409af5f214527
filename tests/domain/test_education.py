"""Generated problems: an answer is verified by its generator."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config, stages
from r1tailor.domain import open_domain
from r1tailor.domain.education import Education
from r1tailor.domain.worked_steps import WORKED
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of
from tests.support.taught import SEQUENCES, scripted, thought

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("1,156", 1),
        ("1156.0", 1),
        ("The answer is 1156.", 1),
        ("<think>\n1156\n</think>\n\n1157", 0),
        ("1156 or 1157", 0),
        ("-1156", 0),
        ("eleven hundred", 0),
        ("", 0),
    ],
)
def test_an_answer_is_verified_by_its_generator(answer: str, right: int, education: Education) -> None:
    entry = {"task": "chain_sum", "level": 0, "answer": "1156", "metadata": {}}
    example = Example("e", "", "1000 + 156", "1156", "1000 + 156 = 1156", fields=entry)
    assert scores_of(education, example, answer)["verified_accuracy"] == right


@pytest.mark.parametrize("task", sorted(WORKED))
@pytest.mark.parametrize("answer", ["", "\x00�", "×", "9" * 5000, "1/0", "nan", "[1, 2]"])
def test_no_answer_stops_its_generator(task: str, answer: str, education: Education) -> None:
    example = next(example for example in education.examples() if example.fields["task"] == task)
    assert scores_of(education, example, answer)["verified_accuracy"] == 0


def test_a_task_without_worked_steps_is_refused(settings: Callable[..., Settings]) -> None:
    fields = {"task": "dice", "level": 0, "answer": "1", "metadata": {}}
    domain = open_domain(settings("domain=education").domain, [Document("d", "?", **FACTS, fields=fields)])
    with pytest.raises(
        DataError, match=r"^domain education: no worked steps are written for dice; there are chain_sum, "
    ):
        list(domain.examples())


def test_where_nobody_wrote_steps_the_models_own_are_trained_on_once_their_answer_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = "domain.sources.0.tasks=[{name: lcm, levels: [0], size: 40}, {name: chain_sum, levels: [1], size: 40}]"
    chosen = ("domain=education", tasks, "domain.task.reasoning=distil", "objective.sequences.samples=1")
    settings, run = config.load(["model=tiny_llama", *SEQUENCES, *chosen]), RunFolder(tmp_path)
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
        stage(settings, run)
    before = {example.id: example for example in run.parts()["train"]}
    missing = {id_ for id_, example in before.items() if not example.reasoning}
    assert {before[id_].fields["task"] for id_ in missing} == {"lcm"}

    def text(example: Example, seed: int) -> str:
        odd = int(example.id.rpartition("-")[2]) % 2
        return thought("0" if odd else f"It is {example.fields['answer']}.", f"multiples of {example.input}")

    teacher = scripted(monkeypatch, text)
    stages.teach(settings, run)
    assert {id_ for call in teacher.asked for id_ in call} == missing, "only what has no steps is asked about"
    after = {example.id: example for example in run.trained_on()["train"]}
    assert {id_ for id_ in before if id_ not in after} == {id_ for id_ in missing if int(id_.rpartition("-")[2]) % 2}
    for id_, example in after.items():
        own = before[id_]
        assert example.reasoning == (f"multiples of {own.input}" if id_ in missing else own.reasoning)
        assert example.output == own.output


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated(
        "education", tmp_path, 1, "domain.sources.0.tasks=[{name: chain_sum, levels: [1, 2], size: 60}]"
    )
    assert 0 <= metrics["models"]["tuned"]["verified_accuracy"]["value"] <= 1
    assert "step_coverage" in metrics["comparisons"]
