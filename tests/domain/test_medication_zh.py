"""Chinese medication advice: offers, and what complies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.medication_zh import MedicationZh
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}


def _drug(name: str, indications: list[str], contraindications: list[str], classes: tuple[str, ...] = ()) -> Document:
    fields = {
        "indications": indications,
        "diseases": indications,
        "contraindications": contraindications,
        "generic_names": [],
    }
    return Document(f"cmekg-{name}", name, position=name, fields={**fields, "classes": list(classes)}, **FACTS)


DRUGS = [
    _drug("甲素片", ["支气管炎", "发热"], ["孕妇禁用"]),
    _drug("甲素胶囊", ["支气管炎"], ["对本品过敏者禁用"]),  # another preparation of it does not say so
    _drug("阿莫西林", ["支气管炎"], ["对本品过敏者禁用"]),
    _drug("乙片", ["头痛病"], ["对本品过敏者禁用"]),
    _drug("丙片", ["头痛病"], ["对本品过敏者禁用"]),
    _drug("丁片", ["支气管炎"], ["尚不明确"]),  # states nothing: never offered
]


@pytest.fixture
def make(settings: Callable[..., Settings]) -> Callable[..., MedicationZh]:
    def make(*overrides: str) -> MedicationZh:
        few = ("domain.task.offered=3", "domain.task.items_of_a_pair=2")
        opened = open_domain(settings("domain=medical_zh_medication", *few, *overrides).domain, DRUGS)
        assert isinstance(opened, MedicationZh)
        return opened

    return make


def test_an_offer_holds_the_right_drug_one_that_is_forbidden_and_others(make: Callable[..., MedicationZh]) -> None:
    domain = make()
    examples = list(domain.examples())
    assert {example.group for example in examples} == {"支气管炎-pregnancy", "支气管炎-penicillin"}
    for example in examples:
        offered = example.fields["offered"]
        assert len(offered) == 3
        assert "丁片" not in offered
        assert example.input.endswith(f"可选药物：{'、'.join(offered)}。")
        assert example.output.startswith(f"{example.fields['drug']}。理由：适用于支气管炎；")
        assert domain.labels_of(example) == tuple(offered)


def test_what_one_preparation_forbids_all_of_its_substance_do(make: Callable[..., MedicationZh]) -> None:
    right = {one.fields["drug"] for one in make().examples() if one.fields["fact"] == "pregnancy"}
    assert right == {"阿莫西林"}


def _made(settings: Callable[..., Settings], drugs: list[Document]) -> MedicationZh:
    few = ("domain.task.offered=3", "domain.task.items_of_a_pair=2")
    opened = open_domain(settings("domain=medical_zh_medication", *few).domain, drugs)
    assert isinstance(opened, MedicationZh)
    return opened


def test_an_indication_within_another_of_the_same_drug_does_not_count(settings: Callable[..., Settings]) -> None:
    """The graph cuts nephritis out of pyelonephritis."""
    drugs = [
        _drug("甲素片", ["肾炎", "肾盂肾炎"], ["孕妇禁用"]),
        _drug("戊片", ["肾炎", "肾盂肾炎"], ["对本品过敏者禁用"]),
        _drug("乙片", ["头痛病"], ["对本品过敏者禁用"]),
    ]
    assert {one.fields["disease"] for one in _made(settings, drugs).examples()} == {"肾盂肾炎"}


def test_what_is_offered_as_not_indicated_shares_no_indication_with_the_right_drug(
    settings: Callable[..., Settings],
) -> None:
    drugs = [
        _drug("甲素片", ["支气管炎"], ["孕妇禁用"]),
        _drug("戊片", ["支气管炎", "肺炎"], ["对本品过敏者禁用"]),
        _drug("己片", ["肺炎"], ["对本品过敏者禁用"]),  # would suit as well, by what else it treats
        _drug("庚片", ["慢性支气管炎"], ["对本品过敏者禁用"]),
        _drug("乙片", ["头痛病"], ["对本品过敏者禁用"]),
    ]
    offers = [one.fields["offered"] for one in _made(settings, drugs).examples() if one.fields["disease"] == "支气管炎"]
    assert offers
    assert {drug for offer in offers for drug in offer} == {"甲素片", "戊片", "乙片"}


def test_what_a_preparation_is_dissolved_in_forbids_no_other(settings: Callable[..., Settings]) -> None:
    drugs = [
        _drug("辛素葡萄糖注射液", ["支气管炎"], ["对本品过敏者禁用"]),
        _drug("辛素片", ["支气管炎"], ["对本品过敏者禁用"]),
        _drug("乙片", ["头痛病"], ["对本品过敏者禁用"]),
    ]
    right = {one.fields["drug"] for one in _made(settings, drugs).examples() if one.fields["fact"] == "diabetes"}
    assert right == {"辛素片"}


def test_a_class_that_most_preparations_do_not_have_forbids_nothing(settings: Callable[..., Settings]) -> None:
    drugs = [
        _drug("壬素片", ["支气管炎"], ["对本品过敏者禁用"], ("大环内酯类", "大环内酯类", "第一代头孢菌素")),
        _drug("头孢子片", ["支气管炎"], ["对本品过敏者禁用"]),
        _drug("乙片", ["头痛病"], ["对本品过敏者禁用"]),
    ]
    right = {one.fields["drug"] for one in _made(settings, drugs).examples() if one.fields["fact"] == "cephalosporin"}
    assert right == {"壬素片"}


def test_a_disease_whose_drugs_all_suit_is_not_asked(make: Callable[..., MedicationZh]) -> None:
    assert not [one for one in make().examples() if one.fields["disease"] == "发热"]


@pytest.mark.parametrize(
    ("answer", "complies", "indicated", "allowed"),
    [
        ("阿莫西林。理由：适用于支气管炎。", 1, 1, 1),
        ("甲素胶囊", 0, 1, 0),  # by the other preparation's leaflet
        ("丙片", 0, 0, 1),
        ("不用甲素片，用阿莫西林", 0, 1, 0),  # the drug that is named first counts
        ("多喝水", 0, 0, 0),
        ("<think>阿莫西林</think>", 0, 0, 0),
    ],
)
def test_advice_complies_when_indicated_and_not_forbidden(
    answer: str, complies: int, indicated: int, allowed: int, make: Callable[..., MedicationZh]
) -> None:
    domain = make()
    example = next(one for one in domain.examples() if one.fields["fact"] == "pregnancy")
    assert scores_of(domain, example, answer, ranked="阿莫西林") == {
        "medication_compliance": complies,
        "medication_compliance_ranked": 1,
        "indicated": indicated,
        "not_contraindicated": allowed,
    }


def test_plain_answers_choose_among_the_drugs_offered(make: Callable[..., MedicationZh]) -> None:
    domain = make()
    (item, *_) = domain.examples()

    def case(drug: str, disease: str, offered: tuple[str, ...] = ()) -> Example:
        return replace(item, fields={"drug": drug, "disease": disease, "offered": list(offered), "fact": "pregnancy"})

    train = [
        case("乙片", "头痛病", ("乙片", "阿莫西林")),
        case("乙片", "头痛病", ("乙片", "阿莫西林", "丙片")),
        case("阿莫西林", "慢性支气管炎", ("阿莫西林", "丁片")),
    ]
    asked = case("阿莫西林", "支气管炎", ("丙片", "乙片", "阿莫西林"))
    assert domain.plain_answers(train, [asked]) == {
        "most_frequent_offered": ["乙片"],
        "nearest_indication": ["阿莫西林"],
        "logistic_of_offers": ["乙片"],
    }


def test_offers_are_the_same_in_every_run(make: Callable[..., MedicationZh]) -> None:
    assert list(make().examples()) == list(make().examples())


def test_what_is_never_offered_is_counted(make: Callable[..., MedicationZh]) -> None:
    assert make().remarks() == ("5 of 6 drugs state contraindications; no others are offered",)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_the_graph_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("medical_zh_medication", tmp_path, 4, "evaluation.plain_baselines=1000")
    assert 0 <= metrics["models"]["tuned"]["medication_compliance"]["value"] <= 1
    assert 0 <= metrics["models"]["logistic_of_offers"]["medication_compliance"]["value"] <= 1
    assert [one["metric"] for one in metrics["verdicts"]] == ["medication_compliance"]
