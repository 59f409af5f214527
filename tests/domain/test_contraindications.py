"""What leaflets forbid for whom."""

import pytest

from r1tailor.domain.contraindications import (
    FACT,
    FACTS,
    forbidden,
    is_stated,
    is_topical,
    of_class,
    of_most,
    substance,
)


@pytest.mark.parametrize(
    ("leaflet", "facts"),
    [
        (["孕妇禁用"], {"pregnancy"}),
        (["孕妇慎用"], set()),  # caution is no ban
        (["儿童、孕妇禁用，糖尿病患者慎用"], {"childhood", "pregnancy"}),
        (["孕妇、哺乳期妇女及18岁以下患者禁用"], {"pregnancy", "lactation", "childhood"}),
        (["严重肝肾功能不全者禁用"], {"kidney", "liver"}),
        (["对本品过敏者禁用"], set()),
        (["对本品或其他喹诺酮类药物过敏者禁用"], {"quinolone"}),
        (["对阿司匹林过敏的哮喘患者禁用"], {"nsaid", "asthma"}),
        (["青光眼"], {"glaucoma"}),  # a state alone, under the heading of contraindications
        (["低血压"], set()),
        (["尚不明确"], set()),
        (["肺动脉高血压患者可用"], set()),
    ],
)
def test_clauses_that_forbid_name_the_facts(leaflet: list[str], facts: set[str]) -> None:
    assert forbidden(leaflet) == facts


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("硬脂酸红霉素颗粒", {"macrolide"}),
        ("注射用氨苄西林钠舒巴坦钠", {"penicillin"}),
        ("大环内酯类", {"macrolide"}),
        ("布洛芬缓释胶囊", {"nsaid", "ulcer", "bleeding", "liver", "asthma", "kidney", "pregnancy"}),
        ("非诺洛芬钙片", {"nsaid", "ulcer", "bleeding", "liver", "asthma", "kidney", "pregnancy"}),
        ("枸橼酸钾颗粒", {"kidney"}),
        ("氟康唑葡萄糖注射液", {"diabetes", "pregnancy"}),
        ("维A酸片", {"pregnancy", "lactation"}),
        ("蒙脱石散", set()),
    ],
)
def test_what_a_drug_is_forbids_it(name: str, facts: set[str]) -> None:
    assert of_class(name) == facts


def test_a_topical_drug_is_forbidden_by_allergies_alone() -> None:
    assert is_topical("布洛芬乳膏")
    assert is_topical("四环素醋酸可的松眼膏")
    assert not is_topical("布洛芬片")
    assert of_class("布洛芬乳膏", topical=True) == {"nsaid"}


def test_a_class_counts_where_at_least_half_of_those_of_a_drug_say_so() -> None:
    """The graph files erythromycin under the first-generation cephalosporins once."""
    assert of_most(["大环内酯类", "抗生素", "大环内酯类", "第一代头孢菌素"]) == {"macrolide"}
    assert of_most([]) == set()


@pytest.mark.parametrize(
    ("fact", "disease", "fits"),
    [
        ("lactation", "绝经后骨质疏松症", False),
        ("lactation", "先兆流产", False),
        ("prostate", "宫颈炎", False),
        ("diabetes", "糖尿病酮症酸中毒", False),  # the fact and the disease are one
        ("pregnancy", "支气管炎", True),
        ("maoi", "宫颈炎", True),
    ],
)
def test_a_patient_whose_disease_excludes_the_fact_is_not_asked_about(fact: str, disease: str, fits: bool) -> None:
    assert FACT[fact].fits(disease) is fits


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("硬脂酸红霉素颗粒", "红霉素"),
        ("红霉素肠溶片", "红霉素"),
        ("注射用头孢他啶", "头孢他啶"),
        ("盐酸二甲双胍缓释片", "二甲双胍"),
        ("丸", "丸"),
    ],
)
def test_a_preparation_is_known_by_its_substance(name: str, bare: str) -> None:
    assert substance(name) == bare


def test_not_clear_yet_states_nothing() -> None:
    assert not is_stated(["尚不明确"])
    assert not is_stated([])
    assert is_stated(["尚不明确", "孕妇禁用"])


def test_facts_have_names_of_their_own() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS) == len({fact.told for fact in FACTS})
