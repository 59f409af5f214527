"""ICD-10-CM: terms become examples, answers are read by title and by code, exclusions are followed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.domain import Domain, open_domain
from r1tailor.errors import ConfigError
from r1tailor.layout import RunFolder
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
GUTS, POISON = "Certain infectious diseases", "Injury, poisoning"
Make = Callable[..., Domain]


def _code(code: str, chapter: str, excludes: tuple[str, ...] = ()) -> Document:
    category = code.partition(".")[0]
    fields = {"role": "code", "chapter": chapter, "category": category, "title": f"Title of {category}"}
    return Document(code, f"Text of {code}", position=code, fields={**fields, "excludes1": list(excludes)}, **FACTS)


def _term(code: str, number: int, chapter: str, text: str) -> Document:
    category = code.partition(".")[0]
    fields = {"role": "term", "chapter": chapter, "category": category, "title": f"Title of {category}"}
    return Document(f"{code}#{number}", text, position=code, fields=fields, **FACTS)


CODES = [
    _code("A04", GUTS, ("A05.-", "T61-T62", "K52.1")),
    _code("A04.7", GUTS, ("A05.-", "T61-T62", "K52.1", "B99")),
    *(_code(code, GUTS) for code in ("A05", "A05.1", "A09", "B99")),
    *(_code(code, POISON) for code in ("T60", "T61", "T62", "T63", "K52")),
]
TERMS = [
    _term("A04", 0, GUTS, "Bad gut"),
    _term("A04.7", 0, GUTS, "Colitis"),
    _term("A05", 0, GUTS, "Food Poisoning"),
    _term("T62", 0, POISON, "food poisoning"),
    _term("A09", 0, GUTS, "Flux"),
    _term("A09", 1, GUTS, "flux"),
]


@pytest.fixture
def medical(settings: Callable[..., Settings]) -> Make:
    return lambda *overrides: open_domain(settings(*overrides).domain, [*CODES, *TERMS])


def _answered(domain: Domain, example: Example, generated: str, ranked: str = "") -> dict[str, float]:
    return domain.score(example, Prediction(example.id, generated, -1.0, 1, ranked))


def test_a_term_becomes_one_example_and_an_ambiguous_one_none(medical: Make) -> None:
    examples = list(medical().examples())
    assert [example.id for example in examples] == ["A04#0", "A04.7#0", "A09#0"]
    assert examples[1].output == f"{GUTS} | A04 Title of A04"
    assert examples[1].fields == {"code": "A04.7", "chapter": GUTS, "category": "A04", "title": "Title of A04"}
    assert (examples[0].input, examples[0].instruction) == ("Bad gut", medical().settings.task.instruction)


def test_the_labels_are_the_chapters_or_those_of_the_task(medical: Make) -> None:
    assert medical().labels() == (GUTS, POISON)
    assert medical("domain.task.labels=[one,two]").labels() == ("one", "two")


def test_a_perfect_and_an_empty_answer_score_all_and_nothing(medical: Make) -> None:
    domain = medical()
    for example in domain.examples():
        assert set(_answered(domain, example, f"<think>\nT61\n</think>\n\n{example.output}", GUTS).values()) == {1.0}
        assert set(_answered(domain, example, "").values()) == {0.0}
    assert {metric.name for metric in domain.metrics} == set(_answered(domain, example, ""))


@pytest.mark.parametrize(
    ("answer", "category", "chapter"),
    [
        (f"{GUTS} | A09", 0, 1),
        (f"{POISON} | A04", 1, 0),
        (f"{GUTS.upper()} rather than {POISON}", 0, 1),
        (f"{POISON} rather than {GUTS}", 0, 0),
        ("A04.7", 1, 1),
        ("T62", 0, 0),
        ("A04 or T62", 1, 1),
        ("no code at all", 0, 0),
    ],
)
def test_category_and_chapter_are_read_by_title_and_by_code(
    answer: str, category: int, chapter: int, medical: Make
) -> None:
    domain = medical()
    scores = _answered(domain, next(domain.examples()), answer)
    assert (scores["category_accuracy"], scores["chapter_accuracy"]) == (category, chapter)


@pytest.mark.parametrize(
    ("answer", "complies"),
    [
        ("A04", True),
        ("A09", True),
        ("Z99", False),  # does not exist
        ("A05.1", False),  # exists, but is no category
        ("A05", False),  # Excludes1: A05.-
        ("T60", True),
        ("T61", False),  # Excludes1: T61-T62, both ends
        ("T62", False),
        ("T63", True),
        ("K52", True),  # K52.1 excludes one subcategory, not its category
        ("", False),
    ],
)
def test_an_answer_complies_if_its_category_exists_and_is_not_excluded(
    answer: str, complies: bool, medical: Make
) -> None:
    domain = medical()
    assert _answered(domain, next(domain.examples()), answer)["coding_compliance"] == complies


def test_an_exclusion_counts_at_the_level_of_the_reference(medical: Make) -> None:
    category, below, _ = (domain := medical()).examples()
    assert [_answered(domain, example, "B99")["coding_compliance"] for example in (category, below)] == [1.0, 0.0]


def test_the_majority_answer_joins_the_most_frequent_chapter_and_category(medical: Make) -> None:
    domain = medical()
    assert domain.majority_answer(list(domain.examples())) == f"{GUTS} | A04"


@pytest.mark.parametrize("response", ["{colour}", "{}", "{term"])
def test_a_response_with_an_unknown_placeholder_is_refused(response: str, medical: Make) -> None:
    with pytest.raises(ConfigError, match=r"domain\.task\.response = .*: only \{term\}, .* may stand in it$"):
        list(medical(f"domain.task.response='{response}'").examples())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder up to its examples."""
    folder = tmp_path_factory.mktemp("medical")
    settings = config.load(["domain=medical", *FASTER])
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct, stages.teach):
        stage(settings, RunFolder(folder))
    return folder


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_the_medical_domain_is_trained_and_evaluated(prepared: Path, tmp_path: Path, model: str, strategy: str) -> None:
    shutil.copytree(prepared, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    settings = config.load(["domain=medical", f"model={model}", f"strategy={strategy}", "trainer.max_steps=2", *FASTER])
    stages.train(settings, run)
    stages.evaluate(settings, run)
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert "chapter_accuracy_against_base_ranked" in metrics["comparisons"]
    assert metrics["models"]["majority"].keys() == {"category_accuracy", "chapter_accuracy"}


def test_the_medical_domain_goes_the_whole_way_from_the_command_line(
    run_command: Callable[..., Done], output: str
) -> None:
    done = run_command("train.py", "model=tiny_llama", "trainer.max_steps=2", f"output={output}", *FASTER)
    assert done.code == 0, done.err
    assert (ROOT / output / "evaluation" / "report.html").exists()
