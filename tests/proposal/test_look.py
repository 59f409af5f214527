"""What lies at a place is told by its suffix and its first records."""

import json
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.proposal import look as look_module
from r1tailor.proposal.look import look

_TURN = {"role": "user", "content": "hm"}


@pytest.mark.parametrize(
    ("record", "form"),
    [
        ({"messages": [_TURN]}, "messages"),
        ({"conversations": [{"from": "human", "value": "hm"}]}, "sharegpt"),
        ({"instruction": "a", "input": "", "output": "b", "history": []}, "alpaca"),
        ({"prompt": "a", "completion": "b"}, "prompt_completion"),
        ({"instruction": "a", "input": "", "output": "b", "group": "g"}, "instruction"),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_records_of_known_formats(record: dict[str, object], form: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(json.dumps([record]) if suffix == ".json" else json.dumps(record) + "\n", encoding="utf-8")
    found = look(str(path))
    assert (found.shape, found.reader) == ("records", {"format": form})


def test_records_of_other_keys_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"q": "a", "a": "b"}]), encoding="utf-8")
    assert (look(str(path)).shape, look(str(path)).columns) == ("table", ("q", "a"))


def test_of_a_folder_the_most_frequent_kind_of_file(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf", "c.csv", "notes.bak"):
        (tmp_path / name).write_bytes(b"x")
    found = look(str(tmp_path))
    assert (found.shape, found.suffix, found.files) == ("documents", ".pdf", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_chinese_ruling_is_told_by_its_heading(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("某某法院\n民 事 判 决 书\n本院认为，判决如下：驳回。", encoding=encoding)
    assert look(str(path)).shape == "judgments"


@pytest.mark.parametrize(("text", "shape"), [("<PubmedArticleSet/>", "pubmed"), ("<article/>", "jats")])
def test_xml_is_told_by_its_root(text: str, shape: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text, encoding="utf-8")
    assert look(str(path)).shape == shape


def test_damaged_lines_are_told_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"q": "a"}\n{"q": \n', encoding="utf-8")
    assert look(str(path)).faults[0].startswith("line 2: not JSON")


@pytest.mark.parametrize("content", ["{}", "[]", "[1]", "x"])
def test_json_without_records_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json"):
        look(str(path))


def test_files_of_a_folder_that_are_not_read_are_named(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "notes.bak"):
        (tmp_path / name).write_text("hm", encoding="utf-8")
    assert look(str(tmp_path)).others == ("notes.bak",)


def test_a_misspelt_file_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"exprot\.csv does not exist\. Did you mean export\.csv\?"):
        look(str(tmp_path / "exprot.csv"))


def test_the_rows_of_a_large_file_are_estimated_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_module, "MOST", 50)
    path = tmp_path / "a.csv"
    path.write_text("q,a\n" + "".join(f"question {n:04},answer {n:04}\n" for n in range(400)), encoding="utf-8")
    found = look(str(path))
    assert len(found.rows) == 50
    assert found.total == pytest.approx(400, rel=0.1)
    path.write_text("q,a\n1,2\n", encoding="utf-8")
    assert look(str(path)).total == 1
