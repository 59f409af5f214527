"""How names in Chinese characters are made, and where they end."""

import pytest

from r1tailor.corpus.privacy import made_zh


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("强久央宗请求改判", "强久央宗"),
        ("山口隆之，监护人", "山口隆之"),
        ("藤原美子沟通", "藤原美子"),
        ("塞巴斯蒂安入院", "塞巴斯蒂安"),
    ],
)
def test_a_name_that_is_not_han_ends_where_its_parts_end(text: str, name: str) -> None:
    assert text[: made_zh.of_foreign(text, 0)] == name


def test_a_han_name_ends_before_a_verb() -> None:
    assert made_zh.of_han("玄在旭要求出院", 0) == 3
    assert made_zh.of_han("鄢丽诉头痛", 0) == 2
    assert not made_zh.of_han("有小儿血管瘤", 0)


def test_words_and_drugs_are_no_names() -> None:
    assert not made_zh.is_han("高血压")
    assert not made_zh.is_unheard_of("氯沙坦钾")
    assert not made_zh.is_foreign("奥美拉唑")
