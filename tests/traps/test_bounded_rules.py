"""Texts for which rules once took time that grew with the square of the length: a worker's limit is the judge."""

from collections.abc import Callable
from functools import partial

import pytest

from r1tailor import bounded, record_files
from r1tailor.corpus.clean import CHAIN
from r1tailor.corpus.privacy import people_zh
from r1tailor.domain.cited_articles import ChineseCitations, EnglishCitations
from r1tailor.schema.corpus import Limits
from r1tailor.sources import blocks, citations

LIMITS = Limits(seconds=10, seconds_per_mb=0, memory_mb=900)
MANY = 250_000
ENGLISH, CHINESE = EnglishCitations({"gdpr": "GDPR"}), ChineseCitations(["公司法"])
UNITS = (" ", "\n", "-\n", "a-\n", "中\n", "，\n", "(", "（", "&", "&a", "Ã", "\u00ad\n", "1\f", "!？", "Ã©")
HOSTILE: dict[str, tuple[Callable[[str], object], str]] = {
    "citations: full-width digits": (citations.statutes, "１" * MANY),
    "citations: digits": (citations.statutes, "section " + "1" * MANY),
    "citations: numbers": (citations.statutes, "1 " * MANY),
    "citations: articles": (citations.statutes, "Art. 1 " * MANY),
    "citations: Chinese": (citations.statutes, "《民法》第" * (MANY // 4)),
    **{
        f"articles: {unit!r}": (ENGLISH.found, "Article 1" + unit * (MANY // len(unit)))
        for unit in (" ", "(1)", ", 2", " to 2", ", point (a)", "; Article 1 of the GDPR", "; GDPR Article 1")
    },
    **{
        f"articles: {unit!r}": (partial(CHINESE.found, carry=True), "第一条" + unit * (MANY // len(unit)))
        for unit in ("、", "第二款", "至第三条", "《公司法》第一条。", "公司法第一条。", "《")
    },
    "headings: marks": (lambda text: list(blocks.plain_blocks(text)), "# a" + "#" * MANY + "a"),
    "headings: spaces": (lambda text: list(blocks.plain_blocks(text)), "# a" + " #" * MANY + "a"),
    "headings: chapters": (lambda text: list(blocks.plain_blocks(text)), "chapter 1" + "," * MANY),
    "pages: a number and spaces": (CHAIN["remove_running_lines"], "\f".join(["1" + " " * MANY + "x"] * 3)),
    "pages: the same line": (CHAIN["remove_running_lines"], "\f".join(["a\n" * (MANY // 4)] * 3)),
    "full-width brackets": (CHAIN["narrow_full_width"], "（" * MANY + "）" * MANY),
    "ASCII brackets": (CHAIN["widen_chinese_punctuation"], "中(中" * MANY + "中)中" * MANY),
    "entities": (CHAIN["decode_entities"], "&" + "amp;" * MANY),
    "Chinese names: one character": (lambda text: list(people_zh.find(text)), "张" * (MANY // 4)),
    "Chinese names: one name": (lambda text: list(people_zh.find(text)), "张伟" * (MANY // 8)),
    "Chinese names: many names": (
        lambda text: list(people_zh.find(text)),
        "，".join(f"原告：张{chr(0x4E00 + n // 80)}{chr(0x5000 + n % 80)}" for n in range(500)),
    ),
    "one key": (lambda text: record_files._parsed(text.encode(), "utf-8"), "{" + ",".join(['"a":1'] * MANY) + "}"),
    "many keys": (
        lambda text: record_files._parsed(text.encode(), "utf-8"),
        "{" + ",".join(f'"{n}":1' for n in range(MANY)) + ',"249999":1}',
    ),
    **{f"{name}: {unit!r}": (rule, unit * (MANY // len(unit))) for name, rule in CHAIN.items() for unit in UNITS},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_text_is_done_within_its_limits(case: str) -> None:
    rule, text = HOSTILE[case]

    def work() -> None:
        bounded.entered(case, len(text))
        rule(text)

    bounded.run(work, LIMITS)
