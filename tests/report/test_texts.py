"""Every text of the report is in both languages with the same values; sentences of files are recognised."""

import ast
import re
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.evaluation.learnt import sentences
from r1tailor.report import texts
from r1tailor.report.texts import Texts, catalogue, language_of
from r1tailor.schema.report import Report

ROOM = Path(texts.__file__).parent
CALL = re.compile(r"""(?<![\w.])t\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def _used() -> set[str]:
    """Return the texts that templates and modules ask for."""
    found = {ast.literal_eval(one) for file in ROOM.glob("*.j2") for one in CALL.findall(file.read_text())}
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                found |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    return found


def test_every_text_has_its_chinese() -> None:
    used = _used()
    assert len(used) > 150
    assert used - catalogue().keys() == set()


def test_both_languages_have_the_same_values() -> None:
    for english, chinese in catalogue().items():
        fields = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, chinese)]
        assert fields[0] == fields[1], english
        assert re.search(r"[\u4e00-\u9fff]", chinese) or english == "B − A", english


def test_values_are_filled_in() -> None:
    assert Texts("en")("{n} documents", n=3) == "3 documents"
    assert Texts("zh")("{n} documents", n=3) == "3 篇文档"


def _judged(verdict: str) -> dict[str, object]:
    other = {"difference": -0.1, "low": -0.2, "high": 0.0, "p": 0.01, "p_holm": 0.03}
    names = ("the answer of the nearest training example", "the base model", "the base model's ranking")
    return {"metric": "f1", "kind": "proportion", "verdict": verdict, "against": [other | {"name": n} for n in names]}


@pytest.mark.parametrize(("verdict", "chinese"), [("learnt", "学会"), ("worse", "更差"), ("not shown", "未证明")])
def test_a_verdict_sentence_is_whole_in_chinese(verdict: str, chinese: str) -> None:
    metrics = {"n": 90, "models": {"tuned": {"f1": {"value": 0.51}}}, "verdicts": [_judged(verdict)]}
    (sentence,) = sentences(metrics)
    told = Texts("zh").of(sentence)
    assert told.startswith(
        f"f1：{chinese}。数值为 0.510：与“最近训练样本的答案”相比为 -0.100 [-0.200, +0.000]，p = 0.03；"
    )
    assert told.count("；") == 2
    assert not re.findall(r"[A-Za-z]{3,}", told), "no English word is left"
    assert ("16 个百分点" in told) == (verdict == "not shown")
    assert Texts("en").of(sentence) == sentence


def test_parts_of_a_sentence_are_translated_and_what_is_unknown_stays() -> None:
    t = Texts("zh")
    assert t.of("majority; never heard of") == "最常见答案；never heard of"
    assert t.of("never heard of") == "never heard of"
    assert t.of("") == ""


def test_auto_is_the_language_of_the_domain() -> None:
    chinese = config.load(["domain=legal_zh"])
    assert language_of(chinese) == "zh"
    assert language_of(chinese.model_copy(update={"report": Report(language="en")})) == "en"
    assert language_of(config.load([])) == "en"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "f1: worse. 0.700: -0.100 [-0.150, -0.050] against the base model, p = 0.02",
            "f1：更差。数值为 0.700：与“基座模型”相比为 -0.100 [-0.150, -0.050]，p = 0.02",
        ),
        (
            "one answer for nearly every item: “a; b. c: d” is 29 of the 30 answers of the tuned model, where the most "
            "frequent reference is that of 10 items (f1)",
            "几乎每个条目都给同一个回答：微调模型 30 个回答中有 29 个是“a; b. c: d”，"
            "而最常见的参考答案只出现在 10 个条目中（f1）",
        ),
        ("not shown to beat the base model (+0.010)", "未证明优于“基座模型”（+0.010）"),
        (
            "4 of 30 answers were cut; 0.510 if each counts as the worst there is",
            "30 个回答中有 4 个被截断；若每个都按最差计则为 0.510",
        ),
        (
            "The 90 items belong to 12 groups: intervals and tests take whole groups, those of proportions too",
            "90 个条目属于 12 个组：区间与检验以整个组为单位，比例也是如此",
        ),
        (
            "plain baselines compare 5,000 of 10,637 training examples (evaluation.plain_baselines)",
            "简单基线只比较 10,637 个训练样本中的 5,000 个（evaluation.plain_baselines）",
        ),
    ],
)
def test_remarks_and_notes_of_files_are_recognised(english: str, chinese: str) -> None:
    assert Texts("zh").of(english) == chinese
