"""Generated questions: the same every time, from the pinned version, each task and level once."""

import pytest

from r1tailor import config, sources
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document
from r1tailor.schema.sources import GeneratedSource
from r1tailor.sources import generated
from tests.conftest import ROOT


def test_generated_questions_are_the_same_every_time_and_differ_by_seed_and_level() -> None:
    source = config.load(["domain=education"]).domain.sources[0]
    assert isinstance(source, GeneratedSource)
    few = source.model_copy(update={"tasks": (source.tasks[0].model_copy(update={"size": 20}),)})
    first, again = list(generated.read(few)), list(generated.read(few))
    other = list(generated.read(few.model_copy(update={"seed": 2})))
    assert first == again
    documents = [found for found in first if isinstance(found, Document)]
    assert [d.fields["level"] for d in documents] == [1] * 20 + [2] * 20 + [3] * 20
    assert len({d.text for d in documents[:40]}) > 30
    assert documents[0].fields.keys() == {"task", "level", "answer", "metadata"}
    assert documents[0].sha256 != next(d.sha256 for d in other if isinstance(d, Document))
    assert len({document.sha256 for document in documents}) == 1


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        (
            "chain_sum",
            {"version": "0.1.0"},
            r"^reasoning-gym [\d.]+ is installed and generates other questions than the p",
        ),
        (
            "no_such_task",
            {},
            r"^reasoning-gym [\d.]+ has no task no_such_task \(domain\.sources, name: reasoning_gym\)$",
        ),
        ("gsm_symbolic", {}, r"^gsm_symbolic has no levels but 0 \(domain\.sources, name: reasoning_gym\)$"),
        ("gcd", {}, r"^gcd has the levels 0 to 3, not 9 \(domain\.sources, name: reasoning_gym\)$"),
    ],
)
def test_a_task_that_cannot_be_generated_as_pinned_is_refused(task: str, changes: dict[str, str], message: str) -> None:
    tasks = f"domain.sources.0.tasks=[{{name: {task}, levels: [9], size: 1}}]"
    source = config.load(["domain=education", tasks]).domain.sources[0].model_copy(update=changes)
    with pytest.raises(DataError, match=message):
        list(sources.read(source, ROOT, []))


def test_a_level_that_is_asked_twice_is_refused() -> None:
    twice = "domain.sources.0.tasks=[{name: gcd, levels: [0, 1], size: 1}, {name: gcd, levels: [1], size: 2}]"
    with pytest.raises(ConfigError, match="each task and each of its levels may stand in tasks only once"):
        config.load(["domain=education", twice])
