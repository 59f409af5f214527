"""Chinese diagnosis: presentations of diseases, ranked answers with codes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.diagnosis_zh import DiagnosisZh
from r1tailor.errors import ConfigError
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}


def _disease(name: str, codes: list[str], symptoms: list[str]) -> Document:
    fields = {"departments": [], "symptoms": symptoms, "codes": codes, "aliases": []}
    return Document(f"cmekg-{name}", name, position=name, fields=fields, **FACTS)


DISEASES = [
    _disease("肺炎", ["J18.9"], ["发热", "咳嗽", "咳痰", "胸痛", "重症肺炎"]),  # the last gives the name away
    _disease("支气管炎", ["J40", "J20.9"], ["咳嗽", "咳痰", "气喘"]),
    _disease("血友病", ["D66"], ["出血", "关节肿痛", "血尿", "咳嗽"]),
    _disease("腹泻病", ["A09—K52"], ["腹泻", "腹痛", "脱水"]),  # a range is no code
    _disease("骨肉瘤", ["M91800/3"], ["疼痛", "肿块", "发热"]),  # nor is a morphology code
    _disease("疝", ["K46.9"], ["肿块", "腹痛"]),  # too few symptoms
]


@pytest.fixture
def make(settings: Callable[..., Settings]) -> Callable[..., DiagnosisZh]:
    def make(*overrides: str) -> DiagnosisZh:
        few = ("domain.task.presentations=2", "domain.task.symptoms_shown=3")
        opened = open_domain(settings("domain=medical_zh_diagnosis", *few, *overrides).domain, DISEASES)
        assert isinstance(opened, DiagnosisZh)
        return opened

    return make


def _of(domain: DiagnosisZh, disease: str) -> list[Example]:
    return [example for example in domain.examples() if example.fields["disease"] == disease]


def test_diseases_with_a_code_and_enough_symptoms_are_presented(make: Callable[..., DiagnosisZh]) -> None:
    domain = make()
    assert {example.fields["disease"] for example in domain.examples()} == {"肺炎", "支气管炎", "血友病"}
    assert domain.remarks() == ("3 of 6 diseases have no ICD-10 code or fewer than 3 symptoms",)


def test_presentations_of_a_disease_show_different_symptoms_in_different_words(
    make: Callable[..., DiagnosisZh],
) -> None:
    first, second = _of(make(), "肺炎")
    assert set(first.fields["shown"]) != set(second.fields["shown"])
    for example in (first, second):
        assert len(example.fields["shown"]) == 2  # two thirds of four
        assert set(example.fields["shown"]) <= {"发热", "咳嗽", "咳痰", "胸痛"}
        assert "肺炎" not in example.input
    assert first.input == f"症状：{'、'.join(first.fields['shown'])}。"
    assert second.input.startswith(f"病人自述{'、'.join(second.fields['shown'])}，否认")


def test_a_denied_symptom_is_none_of_the_diseases(make: Callable[..., DiagnosisZh]) -> None:
    _, second = _of(make(), "支气管炎")
    denied = second.input.partition("否认")[2].removesuffix("。")
    assert denied in {"发热", "胸痛", "出血", "关节肿痛", "血尿"}


def test_a_disease_of_which_few_sets_can_be_shown_has_fewer_presentations(make: Callable[..., DiagnosisZh]) -> None:
    domain = make("domain.task.presentations=9")
    assert len(_of(domain, "支气管炎")) == 3  # two of three symptoms
    assert [example.id for example in _of(domain, "支气管炎")] == [f"cmekg-支气管炎-{n}" for n in (1, 2, 3)]


def test_presentations_are_the_same_in_every_run(make: Callable[..., DiagnosisZh]) -> None:
    assert list(make().examples()) == list(make().examples())


def test_the_reference_names_the_disease_and_then_what_shares_the_most_symptoms(
    make: Callable[..., DiagnosisZh],
) -> None:
    domain = make("domain.task.presentations=3")
    (example,) = [one for one in _of(domain, "支气管炎") if set(one.fields["shown"]) == {"咳嗽", "咳痰"}]
    assert example.fields["considered"] == ["支气管炎", "肺炎", "血友病"]
    assert example.output == "1. 支气管炎 J40\n2. 肺炎 J18.9\n3. 血友病 D66"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1. 支气管炎 J40\n2. 肺炎 J18.9\n3. 血友病 D66", (1, 1, 1, 1, 1)),
        ("1. 肺炎 J18.9\n2. 支气管炎 J40", (0, 1, 1, 1, 2 / 3)),  # pneumonia lists both symptoms, too
        ("1. 血友病 J40\n2. 感冒 J00", (0, 0, 0, 1, 1 / 3)),  # haemophilia has one of two
        ("支气管炎 D66", (1, 1, 0, 1, 1 / 3)),  # with another disease's code
        ("<think>支气管炎</think>不知道", (0, 0, 0, 0, 0)),
        ("", (0, 0, 0, 0, 0)),
    ],
)
def test_an_answer_is_scored_by_rank_code_and_match(
    answer: str, expected: tuple[float, ...], make: Callable[..., DiagnosisZh]
) -> None:
    domain = make("domain.task.presentations=3")
    (example,) = [one for one in _of(domain, "支气管炎") if set(one.fields["shown"]) == {"咳嗽", "咳痰"}]
    names = ("top1_accuracy", "top3_accuracy", "code_accuracy", "matching_accuracy", "entity_coverage")
    assert scores_of(domain, example, answer) == pytest.approx(dict(zip(names, expected, strict=True)))


def test_rare_diseases_are_measured_apart(make: Callable[..., DiagnosisZh]) -> None:
    domain = make()
    rare = _of(domain, "血友病")[0]
    assert scores_of(domain, rare, "血友病 D66")["top3_accuracy_rare"] == 1
    assert "top3_accuracy_rare" not in scores_of(domain, _of(domain, "肺炎")[0], "肺炎 J18.9")


def test_the_majority_names_the_diseases_that_references_name_most(make: Callable[..., DiagnosisZh]) -> None:
    domain = make()
    assert domain.majority_answer(list(domain.examples())).startswith("1. ")


def test_the_nearest_symptom_set_is_that_of_the_training_patients_of_a_disease(
    make: Callable[..., DiagnosisZh],
) -> None:
    domain = make("domain.task.presentations=3")
    examples = list(domain.examples())
    asked = next(one for one in examples if set(one.fields["shown"]) == {"咳嗽", "咳痰"})
    train = [one for one in examples if one.id != asked.id]
    (answer,) = domain.plain_answers(train, [asked])["nearest_symptom_set"]
    assert answer.splitlines()[0] == "1. 支气管炎 J40", "its other patients have both symptoms, and one more"
    without = [one for one in train if one.fields["disease"] == "血友病"]
    answers = {"nearest_symptom_set": ["1. 血友病 D66"], "logistic_of_symptoms": ["1. 血友病 D66"]}
    assert domain.plain_answers(without, [asked]) == answers, "one disease is all there is"


@pytest.mark.parametrize("diseases", [("肺炎", "支气管炎", "血友病"), ("支气管炎", "血友病")])
def test_logistic_regression_ranks_the_diseases_of_training_patients(
    diseases: tuple[str, ...], make: Callable[..., DiagnosisZh]
) -> None:
    domain = make("domain.task.presentations=3")
    train = [one for one in domain.examples() if one.fields["disease"] in diseases]
    asked = replace(train[0], fields={"shown": ["出血", "关节肿痛", "血尿"]})
    (answer,) = domain.plain_answers(train, [asked])["logistic_of_symptoms"]
    assert answer.splitlines()[0] == "1. 血友病 D66"
    assert len(answer.splitlines()) == len(diseases)


@pytest.mark.parametrize("phrasing", ["病人不适", "{symptoms}{age}"])
def test_a_phrasing_without_symptoms_or_with_more_is_refused(phrasing: str, make: Callable[..., DiagnosisZh]) -> None:
    with pytest.raises(ConfigError, match=r"must hold \{symptoms\}, may hold \{denied\}, and nothing else in braces"):
        make(f"domain.task.phrasings=['{phrasing}']")


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_the_graph_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("medical_zh_diagnosis", tmp_path, 20, "evaluation.plain_baselines=1000")
    assert 0 <= metrics["models"]["tuned"]["top3_accuracy"]["value"] <= 1
    assert 0 <= metrics["models"]["nearest_symptom_set"]["top3_accuracy"]["value"] <= 1
    assert [one["metric"] for one in metrics["verdicts"]] == ["top3_accuracy"]
