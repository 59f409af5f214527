"""What leaflets forbid for whom."""

import pytest

from r1tailor.domain.contraindications import FACTS, forbidden, is_stated, of_class, substance


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
    ("names", "facts"),
    [
        (["硬脂酸红霉素颗粒"], {"macrolide"}),
        (["注射用氨苄西林钠舒巴坦钠"], {"penicillin"}),
        (["利君沙", "大环内酯类"], {"macrolide"}),  # a brand, known by its class
        (["布洛芬缓释胶囊"], {"nsaid", "ulcer", "bleeding", "liver", "asthma", "kidney"}),
        (["蒙脱石散"], set()),
    ],
)
def test_an_allergy_forbids_the_drugs_of_its_class(names: list[str], facts: set[str]) -> None:
    assert of_class(names) == facts


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
