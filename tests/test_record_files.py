"""Documents, examples and predictions survive their files; a damaged line is named."""

from pathlib import Path

import pytest

from r1tailor import document_files, record_files
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction

EXAMPLES = [
    Example("e1", "Name it.", "a\u2028b\n病历", "x", reasoning="because", group="g", series=((1.0, 2.0),)),
    Example("e2", "", "", "y"),
]


LINES: list[tuple[bytes, str]] = [
    (b'{"id": "a", "id": "b"}', "'id' stands there twice; say it once"),
    (b'{"id": "\\ud800"}', "\\ud800 is half a character; the other half is missing"),
    (b"\xff", "not UTF-8 (byte 1)"),
    (b"[1]", "a mapping is expected, found list"),
    (b'{"id": ', "not JSON: Expecting value"),
    (b"[" * 100_000, "not JSON: nested too deeply"),
    (b'{"a": ' + b"9" * 5000 + b"}", "not JSON: a number too long"),
]


def test_examples_and_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    predictions = [Prediction("e1", "x", -1.5, 3, "because", label_scores=(0.5, -1.0))]
    assert record_files.write_records(tmp_path / "e.jsonl", EXAMPLES) == 2
    assert record_files.write_records(tmp_path / "p.jsonl", predictions) == 1
    assert record_files.read_examples(tmp_path / "e.jsonl") == EXAMPLES
    assert record_files.read_predictions(tmp_path / "p.jsonl") == predictions


@pytest.mark.parametrize(("line", "reported"), LINES, ids=[reported for _, reported in LINES])
def test_a_damaged_line_is_named_and_read_past_by_who_lists_damage(line: bytes, reported: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n' + line + b'\n{"a": 2}\n')
    assert list(record_files.json_lines(path)) == [(1, {"a": 1}), (3, reported), (4, {"a": 2})]
    with pytest.raises(DataError) as caught:
        list(record_files.read_json_lines(path))
    assert str(caught.value) == f"{path}, line 3: {reported}"


def test_a_list_is_read_from_a_file_that_holds_one(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[1, 2]", encoding="utf-8")
    assert record_files.read_json_list(path) == [1, 2]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"list\.json: a list is expected, found dict"):
        record_files.read_json_list(path)


@pytest.mark.parametrize(
    ("text", "records", "key"),
    [
        ('[{"a": 1}, 2]', [{"a": 1}, 2], ""),
        ('{"version": 1, "tags": ["x"], "data": [{"a": 1}]}', [{"a": 1}], "data"),
        ('{"messages": [{"role": "user"}], "notes": [{}]}', [{"messages": [{"role": "user"}], "notes": [{}]}], ""),
    ],
)
def test_records_may_stand_under_a_key(tmp_path: Path, text: str, records: list[object], key: str) -> None:
    path = tmp_path / "held.json"
    path.write_text(text, encoding="utf-8")
    assert record_files.read_json_records(path, {"messages"}) == (records, key)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "a list of records is expected, found a mapping with 'a'"),
        ('{"train": [{}], "test": [{}]}', "which of the lists holds them, 'train', 'test'?"),
        ("7", "a list of records is expected, found int"),
        ("[1", "not JSON"),
    ],
)
def test_what_holds_no_records_says_what_it_holds(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "held.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        record_files.read_json_records(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("\ufeff\n[1]", True),
        ('{"a": 1}\n\n', True),
        ('{\n"a": 1\n}', True),
        ('{"a": 1}\n{"a": 2}', False),
        ("", False),
    ],
)
def test_json_lines_are_told_from_one_value(tmp_path: Path, text: str, one: bool) -> None:
    path = tmp_path / "held.json"
    path.write_text(text, encoding="utf-8")
    assert record_files.is_one_json_value(path) == one


@pytest.mark.parametrize(
    "read", [record_files.read_examples, record_files.read_json_list, record_files.read_annotations]
)
def test_a_file_that_is_missing_is_named(read: object, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.json does not exist"):
        read(tmp_path / "none.json")  # type: ignore[operator]


def test_a_line_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text('{"id": "a", "text": "b"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 1: not of kind Example"):
        record_files.read_examples(path)


FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


def test_documents_examples_and_predictions_survive_their_files(tmp_path: Path) -> None:
    documents = [
        Document("血压 m²", "10⁹\n\u2028", **FACTS, fields={"a": [1, {"b": None}]}),
        Document("e", "", **FACTS),
    ]
    examples = [Example("e", "i", "x\u2028y", "o", "because", "g", {"entities": ["é"]}), Example("f", "", "", "")]
    predictions = [Prediction("e", "a\nb", -1.5e-17, 3, "一"), Prediction("f", "", 0.1 + 0.2, 0, "")]
    assert document_files.write_documents(tmp_path / "d.parquet", documents) == 2
    assert list(document_files.read_documents(tmp_path / "d.parquet")) == documents
    assert record_files.write_records(tmp_path / "e.jsonl", examples) == 2
    assert record_files.read_examples(tmp_path / "e.jsonl") == examples
    assert record_files.write_records(tmp_path / "p.jsonl", predictions) == 2
    assert record_files.read_predictions(tmp_path / "p.jsonl") == predictions


def test_the_same_records_give_the_same_bytes(tmp_path: Path, examples: list[Example]) -> None:
    for name in ("a", "b"):
        record_files.write_records(tmp_path / f"{name}.jsonl", examples)
        document_files.write_documents(
            tmp_path / f"{name}.parquet", [Document(e.id, e.input, **FACTS) for e in examples]
        )
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


WHOLE = '{"id": "a", "instruction": "", "input": "", "output": ""}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (WHOLE[:20], "not JSON: "),
        ('{"id": "a"}', "not of kind Example: "),
        (WHOLE.replace("}", ', "colour": 1}'), "not of kind Example: "),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ("null", "a mapping is expected, found NoneType"),
    ],
    ids=["cut off", "incomplete", "unknown key", "deep", "null"],
)
def test_a_damaged_line_is_named_with_its_file(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(f"{WHOLE}\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        record_files.read_examples(path)
    assert str(refusal.value).startswith(f"{path}, line 2: {message}")


def test_a_missing_file_of_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.jsonl does not exist"):
        record_files.read_predictions(tmp_path / "no.jsonl")
    with pytest.raises(DataError, match=r"no\.parquet does not exist\. Run the stage before: "):
        list(document_files.read_documents(tmp_path / "no.parquet"))
