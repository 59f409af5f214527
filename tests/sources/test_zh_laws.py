"""The packaged Chinese laws: their articles without annexes, and what is damaged in them."""

import sqlite3
from pathlib import Path

from r1tailor.sources import zh_laws
from tests.support.packaged_cases import read_by, real


def test_chinese_laws_are_26196_articles_without_their_annexes() -> None:
    documents, rejected = real("legal_zh")
    assert (len(documents), rejected) == (26_196, [])
    assert sum(document.fields["in_force"] for document in documents) == 23_490
    tax = next(
        d for d in documents if d.fields["law"] == "中华人民共和国资源税法" and d.fields["article"] == "第十七条"
    )
    assert len(tax.text) < 60
    assert tax.text.endswith("同时废止。")
    assert any("附条件不起诉" in document.text for document in documents)


def test_a_damaged_chinese_article_is_rejected_and_what_stands_after_one_is_cut_off(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "zh.db") as zh:
        zh.execute("CREATE TABLE laws (law_id, version_date)")
        zh.execute("CREATE TABLE articles (id, law_id, law_name, law_department, status, article_no, article_text)")
        zh.execute("INSERT INTO laws VALUES ('a', '2020-01-01')")
        texts = ["一。\n附件一\n二", "一。\n附 则", "一。\n附条件不起诉。", " ", None]
        for number, text in enumerate(texts):
            zh.execute("INSERT INTO articles VALUES (?, 'a', '法', '刑法', '现行有效', '第一条', ?)", (number, text))
        zh.execute("INSERT INTO articles VALUES (9, 'b', '法', '刑法', '现行有效', '第一条', '一')")
    zh.close()
    documents, rejected = read_by(zh_laws.read, tmp_path / "zh.db")
    assert [document.text for document in documents] == ["一。", "一。", "一。\n附条件不起诉。"]
    assert rejected == [
        *(f"zh.db, articles, id {number}: article_text is missing" for number in (3, 4)),
        "zh.db, articles, id 9: version_date is missing",
    ]
