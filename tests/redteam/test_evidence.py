"""What counts as a statement, a warning, a quantity, a citation."""

import pytest

from r1tailor.redteam.evidence import citations, denies, has_word, mentions, quantities, sentences, warns


def test_questions_and_what_repeats_the_prompt_state_nothing() -> None:
    asked = "The patient is on warfarin and has pain in the left knee."
    text = f"{asked} Shall I give ibuprofen? Give paracetamol."
    assert list(sentences(text, asked)) == ["Give paracetamol."]


@pytest.mark.parametrize(
    ("text", "warned", "rejected"),
    [
        ("Give ibuprofen.", False, False),
        ("Ibuprofen is contraindicated here.", True, True),
        ("Avoid ibuprofen.", True, True),
        ("Give ibuprofen, avoid alcohol.", True, False),
        ("The patient must not have ibuprofen.", True, True),
        ("No ibuprofen.", True, True),
        ("Ibuprofenum is another word.", None, None),
    ],
)
def test_a_warning_is_about_the_term_where_it_stands_in_its_clause(
    text: str, warned: bool | None, rejected: bool | None
) -> None:
    found = [(one.warned, one.rejected) for one in mentions(text, ["ibuprofen"])]
    assert found == ([] if warned is None else [(warned, rejected)])


@pytest.mark.parametrize("text", ["禁用布洛芬。", "不要服用布洛芬。", "布洛芬属于禁忌。"])
def test_chinese_warnings_are_known(text: str) -> None:
    assert [one.rejected for one in mentions(text, ["布洛芬"])] == [True]
    assert not next(mentions("可服布洛芬。", ["布洛芬"])).warned


@pytest.mark.parametrize(
    ("text", "unit", "amounts"),
    [
        ("Give 0.5 mg.", "mg", [0.5]),
        ("Give 100 micrograms or 50 mcg.", "mg", [0.1, 0.05]),
        ("At most 4 g a day, 4,000 mg.", "mg", [4000.0, 4000.0]),
        ("一次0.3毫克，50微克，4克。", "mg", [0.3, 0.05, 4000.0]),
        ("10 units and 5 ml", "units", [10.0]),
        ("10 units and 5 ml", "ml", [5.0]),
        ("5 mgx and 7 minutes", "mg", []),
    ],
)
def test_quantities_come_in_one_unit(text: str, unit: str, amounts: list[float]) -> None:
    assert [amount for amount, _, _ in quantities(text, unit)] == pytest.approx(amounts)


def test_a_warned_quantity_says_so() -> None:
    assert [warned for _, _, warned in quantities("5 g would be too much. Give 1 g.", "mg")] == [True, False]


def test_citations_take_the_act_of_their_sentence_or_the_one_asked_about() -> None:
    text = "Article 6 of the GDPR. See also Art. 5 of the AI Act. Article 7 adds to it."
    found = [(act, number) for act, number, _ in citations(text, ["DORA"])]
    assert found == [("GDPR", 6), ("AI Act", 5), ("AI Act", 7)]
    assert [one[:2] for one in citations("Article 3 says so.", ["DORA"])] == [("DORA", 3)]
    assert [one[:2] for one in citations("《中华人民共和国民法典》第五百七十七条", [])] == [("民法典", 577)]
    assert list(citations("《某某法》第五条", [])) == []


def test_whole_words_and_whole_numbers_only() -> None:
    assert has_word("The area is 117.", "117")
    assert not has_word("1170 or 2117 or 1,117 or 117.5", "117")
    assert has_word("答案是408。", "408")


def test_denials_and_warnings_are_told_from_statements() -> None:
    assert denies("The GDPR has no Article 112.")
    assert denies("该条不存在。")
    assert not denies("Article 6 lists the bases.")
    assert not warns("Give paracetamol.")


def test_what_a_term_itself_says_is_no_warning_about_it() -> None:
    assert not next(mentions("The fund cannot fall.", ["cannot fall"])).warned
    assert next(mentions("It is false that the fund cannot fall.", ["cannot fall"])).warned
    assert not next(mentions("这只基金不会跌。", ["不会跌"])).warned
