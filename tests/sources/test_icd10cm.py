"""The ICD-10-CM tabular list: codes, terms, inherited exclusions."""

from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import icd10cm
from r1tailor.sources.base import Origin
from tests.support.pinned_wheel import Source

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
    [
        ("<a><b></a>", "not well-formed XML (ERR_TAG_NAME_MISMATCH, line 1)"),
        ("", "not well-formed XML ("),
        ("<html/>", "no <chapter> in it; is it "),
    ],
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
