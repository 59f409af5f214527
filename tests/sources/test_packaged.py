"""Packaged material of law, medicine and education: the real members, and damaged files of their formats."""

import json
import pickle
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config, sources
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.sources import READERS
from r1tailor.sources import chalkbase, cmekg, eu_laws, sqlite, zh_laws
from r1tailor.sources.base import Origin, Read
from tests.conftest import ROOT
from tests.traps.danger import Place

Reader = Callable[[Origin, Path], Read]
SOURCE: Any = SimpleNamespace(name="raw", licence="CC0", available_at="2020-01-01")
LESSONS = {
    "integer_domain": [["g1a.u1.l01", 10]],
    "decimal_places": [["g3a.u9.l01", 2]],
    "fraction_types": {"a": "g4b.u1.l01"},
}


def _real(domain: str) -> tuple[list[Document], list[Rejection]]:
    rejected: list[Rejection] = []
    settings = config.load([f"domain={domain}"]).domain
    return [found for source in settings.sources for found in sources.read(source, ROOT, rejected)], rejected


def _read(reader: Reader, path: Path) -> tuple[list[Document], list[str]]:
    found = list(reader(Origin.of(SOURCE, path, path.parent), path))
    return [x for x in found if isinstance(x, Document)], [str(x) for x in found if isinstance(x, Rejection)]


# --- the real members ----------------------------------------------------------------------------------------------


def test_eu_laws_are_401_articles_of_six_acts_and_three_pieces_of_others() -> None:
    documents, rejected = _real("legal")
    counts = Counter(document.fields["act"] for document in documents)
    assert counts == {
        "EU AI Act": 113,
        "GDPR": 99,
        "Cyber Resilience Act": 71,
        "DORA": 64,
        "NIS2 Directive": 46,
        "CSRD": 8,
    }
    assert {str(rejection).partition(": ")[2] for rejection in rejected} == {
        "no article of its act, which has 8: a piece of an act that it amends"
    }
    assert len(rejected) == 3
    erasure = next(document for document in documents if document.id == "32016R0679-17")
    assert erasure.text.startswith(
        "Right to erasure (‘right to be forgotten’) 1. The data subject shall have the right"
    )
    assert (erasure.fields["official_number"], erasure.available_at) == ("2016/679", "2016-04-27")
    assert not any(document.text.startswith("Article ") for document in documents)


def test_chinese_laws_are_26196_articles_without_their_annexes() -> None:
    documents, rejected = _real("legal_zh")
    assert (len(documents), rejected) == (26_196, [])
    assert sum(document.fields["in_force"] for document in documents) == 23_490
    tax = next(
        d for d in documents if d.fields["law"] == "中华人民共和国资源税法" and d.fields["article"] == "第十七条"
    )
    assert len(tax.text) < 60
    assert tax.text.endswith("同时废止。")
    assert any("附条件不起诉" in document.text for document in documents)


def test_the_knowledge_graph_gives_diseases_with_symptoms_and_departments() -> None:
    documents, rejected = _real("medical_zh")
    assert (len(documents), rejected) == (5_954, [])
    vitiligo = next(document for document in documents if document.text == "白癜风")
    assert vitiligo.fields["departments"] == ["皮肤科"]
    assert "白斑境界清楚" in vitiligo.fields["symptoms"]


def test_chalkbase_gives_5324_problems_and_what_each_grade_has_learnt() -> None:
    documents, rejected = _real("education_zh")
    problems = [document for document in documents if "limit" not in document.fields]
    assert (len(problems), len(documents) - len(problems), rejected) == (5_324, 17, [])
    assert {document.fields["grade"] for document in problems} == {1, 2, 3, 4, 5, 6}
    washing = next(document for document in problems if "洗衣机" in document.text and "320" in document.text)
    assert (washing.fields["answer"], washing.fields["values"]) == ("7", ["7"])


# --- damage --------------------------------------------------------------------------------------------------------


@pytest.fixture
def eu(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "eu.db")
    connection.execute("CREATE TABLE regulations (celex, name, title, article_count, date_document)")
    connection.execute("CREATE TABLE articles (id, celex, article_number, content)")
    connection.execute("INSERT INTO regulations VALUES ('3R1', 'Act', 'Regulation (EU) 2020/1', 2, '2020-02-02')")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((7, "3R9", 1, "Secret"), "its act is not in the table regulations"),
        ((7, "3R1", "one", "Secret"), "article_number is no number"),
        ((7, "3R1", None, "Secret"), "article_number is no number"),
        ((7, "3R1", 1, " "), "content is empty"),
        ((7, "3R1", 1, b"\xff"), "content is empty"),
        ((7, "3R1", 3, "Secret"), "no article of its act, which has 2: a piece of an act that it amends"),
        ((7, "3R1", 0, "Secret"), "no article of its act, which has 2: a piece of an act that it amends"),
    ],
)
def test_a_damaged_eu_article_is_rejected_by_its_id(
    row: tuple[object, ...], message: str, eu: sqlite3.Connection, tmp_path: Path
) -> None:
    eu.execute("INSERT INTO articles VALUES (1, '3R1', 2, 'Article 2 Scope 1. All.')")
    eu.execute("INSERT INTO articles VALUES (?, ?, ?, ?)", row)
    eu.commit()
    (kept,), rejected = _read(eu_laws.read, tmp_path / "eu.db")
    assert (kept.id, kept.text, kept.available_at) == ("3R1-2", "Scope 1. All.", "2020-02-02")
    assert rejected == [f"eu.db, articles, id 7: {message}"]


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
    documents, rejected = _read(zh_laws.read, tmp_path / "zh.db")
    assert [document.text for document in documents] == ["一。", "一。", "一。\n附条件不起诉。"]
    assert rejected == [
        *(f"zh.db, articles, id {number}: article_text is missing" for number in (3, 4)),
        "zh.db, articles, id 9: version_date is missing",
    ]


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be read as its header " * 20])
def test_what_is_no_database_of_laws_is_refused_and_nothing_is_written_beside_it(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "laws.db"
    path.write_bytes(content)
    for reader in (eu_laws.read, zh_laws.read):
        with pytest.raises(DataError, match=r"laws\.db: not the SQLite file it should be: "):
            _read(reader, path)
    assert [file.name for file in tmp_path.iterdir()] == ["laws.db"]


def test_a_database_without_articles_is_refused_and_cannot_be_written_through(
    eu: sqlite3.Connection, tmp_path: Path
) -> None:
    eu.commit()
    with pytest.raises(DataError, match=r"^eu\.db holds no article$"):
        _read(eu_laws.read, tmp_path / "eu.db")
    with pytest.raises(DataError, match="attempt to write a readonly database"):
        list(sqlite.rows(tmp_path / "eu.db", "DELETE FROM regulations"))


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ({1: {}}, "entity 1: its name is no text"),
        ({"a": []}, "entity 1: its predicates are no mapping"),
        ({"a": {"就诊科室": "内科"}}, "entity 1: a predicate is no list of text"),
        ({"a": {"就诊科室": [1]}}, "entity 1: a predicate is no list of text"),
    ],
)
def test_a_damaged_entity_is_rejected(entities: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.pkl"
    path.write_bytes(pickle.dumps(entities))
    assert _read(cmekg.read, path) == ([], [f"graph.pkl, {message}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(["a"]), "a mapping of entities is expected, found list"),
        (pickle.dumps({"a": {"就诊科室": ["内科"]}})[:-9], "not a pickle that can be read: "),
        (b"", "not a pickle that can be read: it is damaged"),
        (b"garbage", "not a pickle that can be read: "),
        (pickle.dumps({"a": Path}), "not a pickle that can be read: it names a class or function; plain mappings"),
        (b"Pid\n.", "not a pickle that can be read: "),
    ],
    ids=["a list", "cut off", "empty", "garbage", "a class", "a persistent object"],
)
def test_what_is_no_plain_pickle_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        _read(cmekg.read, path)
    assert str(refusal.value).startswith(f"graph.pkl: {message}")


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_a_program_runs_nothing(protocol: int, tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.zone / "graph.pkl"
    path.write_bytes(place.pickled(protocol))
    with place.refused("names a class or function"):
        _read(cmekg.read, path)


def _archetype(**changes: object) -> dict[str, object]:
    example = {"problem": "1+1", "answer": "2", "solution": "1+1=2", "answer_value": 2}
    observed = {"parameter_constraints": {"observed": {"grades": [1, 2]}}}
    return {"id": "at.1", "difficulty": 1, **observed, "rewritten_examples": [example], **changes}


@pytest.mark.parametrize(
    ("archetype", "message"),
    [
        ({}, "archetype 1: parameter_constraints is missing or of another kind"),
        (_archetype(difficulty="hard"), "archetype 1: a value of the archetype is missing or of another kind"),
        (_archetype(parameter_constraints={"observed": {"grades": []}}), "archetype 1: a value of the archetype is "),
        (_archetype(rewritten_examples=[{"problem": "1+1", "answer": 2}]), "archetype 1, example 1: problem, answer, "),
        ("at.1", "archetype 1: a value of the archetype is missing"),
    ],
)
def test_a_damaged_archetype_is_rejected(archetype: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "archetypes.json"
    path.write_text(json.dumps([archetype, _archetype()]), encoding="utf-8")
    (kept,), (rejected,) = _read(chalkbase.read, path)
    assert (kept.text, kept.fields["grade"], kept.fields["values"]) == ("1+1", 2, ["2"])
    assert rejected.startswith(f"archetypes.json, {message}")


@pytest.mark.parametrize(
    ("reader", "content", "message"),
    [
        (chalkbase.read, "{", "not JSON in UTF-8"),
        (chalkbase.read, "[" * 100_000, "not JSON in UTF-8"),
        (chalkbase.read, "{}", "a list of archetypes is expected"),
        (chalkbase.read_limits, "[]", "introduced_at does not list integer_domain, decimal_places and fraction_types"),
        (chalkbase.read_limits, '{"introduced_at": {}}', "introduced_at does not list integer_domain, decimal_places"),
    ],
)
def test_what_is_no_file_of_chalkbase_is_refused(reader: Reader, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        _read(reader, path)
    assert str(refusal.value).startswith(f"base.json: {message}")


def test_a_limit_without_a_grade_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    lessons = LESSONS | {"integer_domain": [["g9a.u1.l01", 10], ["g1a.u1.l01", None], ["g2a.u1.l01", 99]]}
    path.write_text(json.dumps({"introduced_at": lessons}), encoding="utf-8")
    documents, rejected = _read(chalkbase.read_limits, path)
    assert [(d.fields["limit"], d.fields["grade"], d.fields["largest"]) for d in documents] == [
        ("integer", 2, 99),
        ("decimal", 3, 2),
        ("fraction", 4, 0),
    ]
    said = "a lesson such as g4a.u1.l01 and a whole number are expected"
    assert rejected == [f"base.json, limit {number}: {said}" for number in (1, 2)]


def test_a_packaged_source_that_nothing_reads_is_refused() -> None:
    known = "bars, chalkbase, chalkbase_limits, cmekg, eu_laws, icd10cm, zh_laws. Did you mean icd10cm?"
    with pytest.raises(ConfigError, match=rf"domain\.sources\.0\.reader = 'icd10': must be one of {re.escape(known)}"):
        config.load(["domain.sources.0.reader=icd10"])


def test_every_reader_that_a_setting_may_name_reads() -> None:
    assert set(sources._PACKAGED_READERS) == set(READERS)


def test_the_name_of_a_source_is_free(tmp_path: Path) -> None:
    source = config.load(["domain.sources.0.name=codes"]).domain.sources[0]
    member = ROOT / "data" / "packaged" / "icd10cm" / "icd10c-tabular-April-1-2026.xml"
    (tmp_path / "data" / "packaged" / "codes").mkdir(parents=True)
    (tmp_path / "data" / "packaged" / "codes" / member.name).symlink_to(member)
    assert next(sources.read(source, tmp_path, [])).source == "codes"
