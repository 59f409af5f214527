"""Chinese names of drugs and herbs, and what is named after people."""

from r1tailor.corpus.privacy import medicine_zh


def test_a_drug_is_known_by_its_class_also_where_it_goes_on() -> None:
    assert medicine_zh.is_medicine("口服雷贝拉唑", 2, 6)
    assert medicine_zh.is_medicine("辛伐他汀", 0, 2)
    assert not medicine_zh.is_medicine("李明头孢过敏", 0, 2)


def test_an_herb_with_a_name_like_a_persons_is_listed() -> None:
    assert list(medicine_zh.terms("予徐长卿止痒")) == [(1, 4)]


def test_a_disease_is_named_after_somebody() -> None:
    assert medicine_zh.is_named_after("帕金森病史", 3)
    assert not medicine_zh.is_named_after("帕金森说", 3)


def test_what_is_given_or_dosed_is_a_drug() -> None:
    text = "患者服用申优，施宁后好转"
    assert medicine_zh.is_given(text, 4, 6)
    assert medicine_zh.is_given(text, 7, 9)
    assert medicine_zh.is_given("唐林每日两次", 0, 2)
    assert not medicine_zh.is_given("予吸氧。护士施宁陪同", 6, 8)
    assert not medicine_zh.is_given("患者服药后由施宁陪同", 6, 8)
