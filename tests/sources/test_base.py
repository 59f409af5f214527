"""Every source keeps one contract: provenance, unique ids, one record at a time, and no silent skip."""

import re
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

from r1tailor import sources, store
from r1tailor.errors import DataError, TailorError
from r1tailor.records import Document, Rejection
from r1tailor.schema.base import Section
from r1tailor.schema.sources import Source
from r1tailor.sources import _PACKAGED_READERS, _READERS, read
from r1tailor.sources.base import Origin
from tests.support.source_cases import CASES, SECRET, Case, files

COUNT = 5
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_damaged = pytest.mark.parametrize("case", [case for case in CASES if case.damage], ids=lambda case: case.name)


def _damaged(case: Case, root: Path) -> None:
    assert case.damage
    case.write(root, COUNT)
    case.damage(root)


# Databases, archives and JSON of others, whose records a case cannot write: tests/sources/test_packaged.py.
OTHERS_PACKAGED = {"eu_laws", "zh_laws", "cmekg", "cmekg_drugs", "chalkbase", "chalkbase_limits"}


def test_every_kind_of_source_and_every_packaged_one_has_a_case() -> None:
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Source)[0])}
    generated = {"generated"}  # reads no file: tests/sources/test_generated.py
    assert {case.settings["kind"] for case in CASES} == kinds - generated
    packaged = {case.settings["reader"] for case in CASES if case.settings["kind"] == "packaged"}
    assert packaged | OTHERS_PACKAGED == set(_PACKAGED_READERS)
    assert kinds - {"packaged"} == set(_READERS)


@every
def test_a_document_says_where_it_comes_from(case: Case, tmp_path: Path) -> None:
    case.write(tmp_path, COUNT)
    rejected: list[Rejection] = []
    source = case.source()
    documents = list(read(source, tmp_path, rejected))
    assert (len(documents), rejected) == (COUNT, [])
    assert {(document.source, document.licence) for document in documents} == {(source.name, "own")}
    for document in documents:
        assert document.text.strip()
        assert document.position
        assert re.fullmatch("[0-9a-f]{64}", document.sha256)
        assert date.fromisoformat(document.available_at).isoformat() == document.available_at
    assert len({document.id for document in documents}) == COUNT
    if case.settings["kind"] != "sql":
        assert {d.sha256 for d in documents} <= {store.sha256_file(path) for path in files(tmp_path)}


@every
def test_the_same_bytes_give_the_same_documents(case: Case, tmp_path: Path) -> None:
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        case.write(tmp_path / place, COUNT)
        found.append(list(read(case.source(), tmp_path / place, [])))
    assert found[0] == found[1]


@every
def test_a_record_is_read_when_it_is_asked_for(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case.write(tmp_path, COUNT)
    made = []
    original = Origin.document

    def counted(*given: Any, **named: Any) -> Document:  # noqa: ANN401
        made.append(original(*given, **named))
        return made[-1]

    monkeypatch.setattr(Origin, "document", counted)
    found = read(case.source(), tmp_path, [])
    for number in range(1, COUNT + 1):
        assert next(found) == made[-1]
        assert len(made) == number


@every_damaged
def test_a_damaged_record_is_listed_and_the_others_come(case: Case, tmp_path: Path) -> None:
    _damaged(case, tmp_path)
    rejected: list[Rejection] = []
    documents = list(read(case.source(), tmp_path, rejected))
    assert [str(rejection)[: len(case.damaged_at)] for rejection in rejected] == [case.damaged_at]
    assert (len(documents), len({document.id for document in documents})) == (COUNT - 1, COUNT - 1)
    assert SECRET not in rejected[0].reason


@every_damaged
def test_a_damaged_record_stops_where_it_stands(case: Case, tmp_path: Path) -> None:
    _damaged(case, tmp_path)
    found = read(case.source(on_damage="stop"), tmp_path, [])
    assert SECRET in next(found).text
    with pytest.raises(DataError) as refusal:
        list(found)
    said = str(refusal.value)
    assert said.startswith(case.damaged_at)
    assert said.endswith(" (domain.sources, name: mine, on_damage: stop)")
    assert SECRET not in said


@every
@pytest.mark.parametrize("on_damage", ["stop", "list"])
def test_what_holds_no_record_is_an_error_that_names_it(case: Case, on_damage: str, tmp_path: Path) -> None:
    case.write(tmp_path, COUNT)
    case.empty(tmp_path)
    source = case.source(on_damage=on_damage)
    with pytest.raises(DataError, match=rf"name: {source.name}|^{re.escape(case.place)}"):
        list(read(source, tmp_path, []))


@every
@pytest.mark.parametrize("left", ["folders", "nothing"])
def test_what_is_not_there_is_an_error_that_names_it(case: Case, left: str, tmp_path: Path) -> None:
    if left == "folders":
        case.write(tmp_path, COUNT)
    for path in files(tmp_path):
        path.unlink()
    with pytest.raises(DataError, match=rf"^{re.escape(case.place)} (is no file|does not exist)"):
        list(read(case.source(), tmp_path, []))


@pytest.mark.parametrize("case", [case for case in CASES if case.settings["kind"] != "sql"], ids=lambda case: case.name)
def test_a_file_that_may_not_be_read_is_named(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case.write(tmp_path, COUNT)

    def refused(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(store, "sha256_file", refused)
    said = rf" cannot be read: Permission denied \(domain\.sources, name: {case.source().name}\)$"
    with pytest.raises(DataError, match=said):
        list(read(case.source(), tmp_path, []))


def _raised() -> list[Exception]:
    """Return errors of parsers that quote what they were given."""
    attempts: list[Callable[[], object]] = [
        lambda: int(SECRET),
        lambda: float(SECRET),
        lambda: date.fromisoformat(SECRET),
        lambda: {}[SECRET],
        lambda: f"{SECRET}\ud800".encode(),
        lambda: pa.array([SECRET]).cast(pa.int64()),
        lambda: Section.model_validate({SECRET: SECRET}),
        lambda: sqlite3.connect(":memory:").execute("SELECT json_extract('{}', ?)", [SECRET]),
    ]
    found = []
    for attempt in attempts:
        try:
            attempt()
        except Exception as error:
            found.append(error)
    assert len(found) == len(attempts)
    return found


@pytest.mark.parametrize("error", _raised(), ids=lambda error: type(error).__name__)
@every
def test_whatever_a_parser_raises_is_told_without_the_row(
    case: Case, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET[:4] in f"{error} {error!r}"

    def broken(*_: object) -> Iterator[Document]:
        raise error
        yield

    monkeypatch.setattr(sources, "_reader", broken)
    with pytest.raises(TailorError) as refusal:
        list(read(case.source(), tmp_path, []))
    told = "".join(traceback.format_exception(refusal.value))
    assert type(error).__name__ in str(refusal.value) or "surrogate" in str(error)
    assert SECRET not in told


@pytest.mark.parametrize("kind", ["jsonl", "table", "text", "pubmed", "jats", "pdf", "judgments", "mimic"])
def test_links_below_a_folder_are_not_followed_and_each_is_rejected(kind: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.settings["kind"] == kind)
    (tmp_path / "outside").mkdir()
    case.write(tmp_path / "outside", COUNT)
    folder = tmp_path / "project" / "given"
    folder.mkdir(parents=True)
    (folder / "loop").symlink_to(folder)
    (folder / "deep").mkdir()
    (folder / "deep" / "elsewhere").symlink_to(tmp_path / "outside")
    for file in files(tmp_path / "outside"):
        (folder / file.name).symlink_to(file)
    source = case.source().model_copy(update={"path": "given", "on_damage": "list"})
    rejected: list[Rejection] = []
    with pytest.raises(DataError) as refusal:  # everything in it is a link: nothing is read
        list(read(source, tmp_path / "project", rejected))
    assert SECRET not in str(refusal.value)
    linked = [one.file for one in rejected if one.reason.startswith("a symbolic link;")]
    assert {"given/loop", "given/deep/elsewhere"} < set(linked)
    assert len(linked) == 2 + len(list(files(tmp_path / "outside")))


def test_a_location_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.settings["kind"] == "text")
    (tmp_path / "real").mkdir()
    case.write(tmp_path / "real", COUNT)
    given = next(iter(files(tmp_path / "real"))).parent
    (tmp_path / "named").symlink_to(given)
    rejected: list[Rejection] = []
    found = list(read(case.source().model_copy(update={"path": "named"}), tmp_path, rejected))
    assert (len(found), rejected) == (COUNT, [])


def test_faults_are_shown_together_with_their_count_and_first_places(tmp_path: Path) -> None:
    rows = [f"n{number}," if number % 2 else f"n{number},W,x" for number in range(12)]
    (tmp_path / "n.csv").write_text("\n".join(["input,output", *rows, "fine,W", ""]), encoding="utf-8")
    source = Case("", {"kind": "table", "path": "n.csv"}, lambda *_: None).source(on_damage="stop")
    with pytest.raises(DataError) as refusal:
        list(read(source, tmp_path, []))
    assert str(refusal.value).splitlines() == [
        "12 faults (domain.sources, name: mine, on_damage: stop):",
        "  - n.csv, line 2: 3 cells; the header has 2 (6 times; also n.csv, line 4; n.csv, line 6; n.csv, line 8; ...)",
        "  - n.csv, line 3: output is empty (6 times; also n.csv, line 5; n.csv, line 7; n.csv, line 9; ...)",
    ]
    refused = Case("", {"kind": "table", "path": "n.csv"}, lambda *_: None).source(unknown_keys="refuse")
    (tmp_path / "n.csv").write_text("input,output\na,\nb,\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no document comes of the source: 2 faults \(domain\.sources, name: mine\):"):
        list(read(refused, tmp_path, []))
