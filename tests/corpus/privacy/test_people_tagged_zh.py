"""Chinese names among the words that jieba cuts a text into: what is one, and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.corpus.privacy import find, people_tagged_zh


def _names(text: str) -> list[str]:
    return [text[start:end] for start, end in people_tagged_zh.spans(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("罪犯王泽楷在服刑期间表现良好。", "王泽楷"),
        ("今日郝皓体温正常。", "郝皓"),
        ("股东陆思懿提出质疑。", "陆思懿"),
        ("杨韶华拒绝进一步检查。", "杨韶华"),
        ("丁之遥辩称其已还清全部款项。", "丁之遥"),
        ("鉴定人于之遥到庭接受询问。", "于之遥"),
        ("罪犯熊绮在服刑期间表现良好。", "熊绮"),
        ("易佑安在服刑期间表现良好。", "易佑安"),
    ],
)
def test_a_name_among_words_is_found_whole(text: str, name: str) -> None:
    assert _names(text) == [name]
    assert [text[finding.start : finding.end] for finding in find(text)] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "国家实行水土保持许可证制度，申请人应当陈述理由。",
        "加强公共安全检查，弘扬社会公德，保护红树林。",
        "口服二甲双胍，高血压、高血脂、黄疸、窦性心律、张口受限、屈光不正。",
        "严重者可有麻木、毛发脱落、阴道炎。",
        "律师于庭审前提交材料。",
        "许可于十日后失效，自收到之时起算。",
    ],
)
def test_words_that_begin_with_a_surname_are_no_names(text: str) -> None:
    assert _names(text) == []


def test_offsets_hold_in_mixed_text() -> None:
    text = "Ｎｏ．７　😀\r\n今日 陆思懿 HbA1c<7.0%，\t罪犯王泽楷在\n\n服刑𠀀。\u3000杨韶华拒绝"
    assert _names(text) == ["陆思懿", "王泽楷", "杨韶华"]


@settings(deadline=None, derandomize=True, database=None, max_examples=40)
@given(*2 * [st.text(st.sampled_from("王泽楷于遥黄疸高血压在的今日者 a1,，\n"), max_size=20)])
def test_what_stands_in_other_lines_changes_nothing(before: str, after: str) -> None:
    line = "罪犯王泽楷在服刑。"
    start = len(before) + 1
    spans = people_tagged_zh.spans(f"{before}\n{line}\n{after}")
    inside = [(a - start, b - start) for a, b in spans if start <= a < start + len(line)]
    assert inside == list(people_tagged_zh.spans(line)) == [(2, 5)]
