"""Chinese medicine: departments from symptoms, symptoms of diseases."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.medical_zh import MedicalZh
from r1tailor.errors import ConfigError
from r1tailor.records import Document, Prediction
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}


def _disease(name: str, departments: list[str], symptoms: list[str]) -> Document:
    fields = {"departments": departments, "symptoms": symptoms}
    return Document(f"cmekg-{name}", name, position=name, fields=fields, **FACTS)


DISEASES = [
    _disease("肺炎", ["呼吸科"], ["发热", "咳嗽", "咳痰、胸痛等", "胸痛"]),
    _disease("哮喘", ["呼吸内科"], ["喘息", "咳嗽", "胸闷"]),
    _disease("湿疹", ["皮肤科"], ["瘙痒", "丘疹", "渗出"]),
    _disease("痤疮", ["皮肤科"], ["粉刺", "丘疹"]),  # too few symptoms
    _disease("骨肉瘤", ["骨科；肿瘤科"], ["疼痛", "肿块", "发热"]),  # two departments
    _disease("近视", ["眼科"], ["视物模糊", "眼胀", "头痛"]),  # not among the largest
    _disease("感冒", [], ["发热", "鼻塞", "流涕"]),
]


@pytest.fixture
def make(settings: Callable[..., Settings]) -> Callable[..., MedicalZh]:
    def make(domain: str, *overrides: str) -> MedicalZh:
        fewer = ("domain.task.largest_departments=2", "domain.task.most_symptoms=3")
        opened = open_domain(settings(f"domain={domain}", *fewer, *overrides).domain, DISEASES)
        assert isinstance(opened, MedicalZh)
        return opened

    return make


def test_a_disease_of_one_of_the_largest_departments_is_asked_for_it(make: Callable[..., MedicalZh]) -> None:
    domain = make("medical_zh")
    examples = list(domain.examples())
    assert [(example.input, example.output) for example in examples] == [
        ("发热、咳嗽、咳痰", "呼吸内科"),
        ("喘息、咳嗽、胸闷", "呼吸内科"),
        ("瘙痒、丘疹、渗出", "皮肤科"),
    ]
    assert [example.group for example in examples] == ["肺炎", "哮喘", "湿疹"]
    assert domain.labels() == ("呼吸内科", "皮肤科")
    assert domain.majority_answer(examples) == "呼吸内科"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("呼吸内科", 1),
        ("应到呼吸科就诊", 1),  # a synonym
        ("<think>\n皮肤科？\n</think>\n\n呼吸内科", 1),
        ("先到皮肤科，再到呼吸内科", 0),
        ("内科", 0),
        ("", 0),
    ],
)
def test_a_department_is_the_one_that_is_named_first(answer: str, right: int, make: Callable[..., MedicalZh]) -> None:
    domain = make("medical_zh")
    example = next(domain.examples())
    scores = domain.score(example, Prediction(example.id, answer, -1.0, 1, "皮肤科"))
    assert scores == {"department_accuracy": right, "department_accuracy_ranked": 0}


def test_any_disease_with_enough_symptoms_is_asked_for_them(make: Callable[..., MedicalZh]) -> None:
    domain = make("medical_zh_symptoms")
    examples = {example.input: example for example in domain.examples()}
    assert list(examples) == ["肺炎", "哮喘", "湿疹", "骨肉瘤", "近视", "感冒"]
    assert examples["肺炎"].output == "发热、咳嗽、咳痰"
    assert examples["肺炎"].fields["symptoms"] == ["发热", "咳嗽", "咳痰", "胸痛"]
    assert domain.labels() == ()
    assert domain.majority_answer(list(examples.values())).startswith("发热、咳嗽、")


@pytest.mark.parametrize(
    ("answer", "coverage", "precision"),
    [
        ("发热、咳嗽、咳痰", 1, 1),
        ("胸痛，发热", 1 / 3, 1),  # one beyond those shown is right all the same
        ("发热、咳嗽、骨折、耳鸣", 2 / 3, 1 / 2),
        ("发热、发热、骨折", 1 / 3, 1 / 2),
        ("不知道", 0, 0),
        ("", 0, 0),
    ],
)
def test_symptoms_are_scored_by_what_is_named_and_by_what_of_it_is_right(
    answer: str, coverage: float, precision: float, make: Callable[..., MedicalZh]
) -> None:
    domain = make("medical_zh_symptoms")
    example = next(domain.examples())
    scores = domain.score(example, Prediction(example.id, answer, -1.0, 1, ""))
    assert scores == {"entity_coverage": pytest.approx(coverage), "symptom_precision": pytest.approx(precision)}
    assert set(scores) == {metric.name for metric in domain.metrics}


def test_a_response_that_names_something_else_is_refused(make: Callable[..., MedicalZh]) -> None:
    domain = make("medical_zh", "domain.task.response='{doctor}'")
    with pytest.raises(ConfigError, match=r"only \{disease\}, \{symptoms\}, \{department\} may stand in it$"):
        list(domain.examples())


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("medical_zh", tmp_path, 5)
    assert 0 <= metrics["models"]["tuned"]["department_accuracy"]["value"] <= 1
    assert "department_accuracy_against_base_ranked" in metrics["comparisons"]
