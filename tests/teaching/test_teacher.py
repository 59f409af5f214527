"""The teacher is found by its name, and refused for tokens that are not the student's."""

from pathlib import Path

import pytest

from r1tailor import artifact, config
from r1tailor.errors import PreflightError, UserError
from r1tailor.inference.endpoint import EndpointAnswerer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.layout import RunFolder
from r1tailor.model.origin import base_of
from r1tailor.schema.settings import Settings
from r1tailor.teaching.teacher import find_teacher, refuse_other_tokens
from tests.model.test_depth import whole_model
from tests.support.toy_run import toy_run

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return toy_run(tmp_path_factory.mktemp("teacher"))


def student(teacher: object, *overrides: str) -> Settings:
    return config.load(["model=tiny_llama", "objective=distillation", f"objective.teacher={teacher}", *overrides])


def test_a_run_is_a_teacher_with_its_own_composition(run: RunFolder) -> None:
    found = find_teacher(student(run.path), config.ROOT)
    model = run.phase("1-all") / "model"
    assert found.sha256 == artifact.read(model).sha256
    assert found.settings.domain.name == "colours"
    assert isinstance(found.opened(config.ROOT), LocalAnswerer)
    refuse_other_tokens(found, student(run.path), config.ROOT)


def test_the_base_teaches_with_all_of_its_layers(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "m", "tiny_llama")
    local = ("model=local", f"model.path={folder}", "trainer.precision=fp32")
    composed = config.load([*local, "model.layers=3", "objective=distillation", "objective.teacher=base"])
    found = find_teacher(composed, config.ROOT)
    assert found.sha256 == base_of(config.load([*local]).model, config.ROOT, 0).sha256
    opened = found.opened(config.ROOT)
    assert isinstance(opened, LocalAnswerer)
    assert opened.model.config.num_hidden_layers == 6  # type: ignore[union-attr]
    refuse_other_tokens(found, composed, config.ROOT)


REMOTE = (
    "model=tiny_llama",
    "objective=distillation_endpoint",
    "objective.endpoint.url=https://models.example.org/v1",
    "objective.endpoint.model=r1",
)


def test_a_teacher_behind_a_url_is_named_and_kept_by_url_and_model() -> None:
    found = [find_teacher(config.load([*REMOTE, *more]), config.ROOT) for more in ((), ("objective.endpoint.model=x",))]
    assert found[0].name == "r1 at https://models.example.org/v1"
    assert found[0].sha256 != found[1].sha256
    assert isinstance(found[0].opened(config.ROOT), EndpointAnswerer)


def test_sources_that_may_not_be_passed_on_are_not_sent_to_another_machine() -> None:
    own = "{use: train, redistribution: false, embargo_until: null, inside_information: false}"
    closed = f"++domain.sources.0.permissions={own}"
    with pytest.raises(UserError, match=r"sent to https://models\.example\.org/v1 was made of sources that may not be"):
        find_teacher(config.load([*REMOTE, closed]), config.ROOT)
    for allowed in ("audience=organisation", "url=http://127.0.0.1:8000/v1"):
        find_teacher(config.load([*REMOTE, closed, f"objective.endpoint.{allowed}"]), config.ROOT)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("objective.teacher=medical-3", "endpoint belongs to teacher = endpoint"),
        ("objective.endpoint=null", "endpoint belongs to teacher = endpoint"),
        ("objective.endpoint.url=http://models.example.org/v1", "do not travel over plain HTTP"),
        ("objective.tokens={weight: 0.5, temperature: 1.0, top_k: 8}", "an endpoint tells no distributions"),
        ("objective.endpoint.key_variable=R1TAILOR_SECRET_ABSENT", "R1TAILOR_SECRET_ABSENT is not set"),
    ],
)
def test_an_endpoint_that_cannot_teach_is_refused(override: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        find_teacher(config.load([*REMOTE, override]), config.ROOT)


def test_a_name_that_is_no_model_is_refused() -> None:
    with pytest.raises(UserError, match="medcal-9: there is no such version, domain or folder"):
        find_teacher(student("medcal-9"), config.ROOT)


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (
            "config.json",
            '"vocab_size": ',
            '"vocab_size": 1',
            r"has a vocabulary of \d+ tokens, the student's .* one of 1",
        ),
        ("tokenizer.json", '"add_prefix_space": false', '"add_prefix_space": true', "has another tokenizer than the"),
    ],
)
def test_other_tokens_are_refused_and_texts_are_named(
    file: str, before: str, after: str, said: str, tmp_path: Path
) -> None:
    folder = whole_model(tmp_path / "m", "tiny_llama", layers=2)
    composed = config.load(["model=local", f"model.path={folder}", "objective=distillation", "objective.teacher=base"])
    teacher = find_teacher(student("base"), config.ROOT)
    refuse_other_tokens(teacher, composed, config.ROOT)
    content = (folder / file).read_text("utf-8")
    assert before in content
    (folder / file).write_text(content.replace(before, after), encoding="utf-8")
    with pytest.raises(PreflightError, match=f"{said}.*objective=distillation_sequences objective.teacher=base"):
        refuse_other_tokens(teacher, composed, config.ROOT)
