"""Ids, groups and files of people are opaque, and stay apart."""

import json
from dataclasses import replace

from r1tailor import config
from r1tailor.corpus.privacy import Deidentifier, find, references
from r1tailor.records import Document, Rejection
from r1tailor.sources.ids import not_unique
from tests.corpus.privacy.test_deidentify import FACTS, KEY, REDACT
from tests.support.private import source

DOCUMENT = Document("notes-4482910", "", **FACTS | {"source": "notes"}, fields={"group": "20481234"})


def _referred(document: Document, key: bytes = KEY) -> Document:
    return references.step(REDACT, key, [source("notes")])(document)[0]


def test_ids_and_groups_are_opaque_stable_and_distinct() -> None:
    patients = [replace(DOCUMENT, id=f"notes-{n}", fields={"group": str(n)}) for n in range(20_480_000, 20_482_000)]
    named = [_referred(patient) for patient in patients]
    assert len({one.id for one in named}) == len({one.fields["group"] for one in named}) == len(patients)
    assert named == [_referred(patient) for patient in patients]
    for patient, one in zip(patients, named, strict=True):
        assert patient.id.removeprefix("notes-") not in one.id + one.fields["group"]
        assert one.id.startswith("notes-QZX")
        assert not find(one.id)
        assert not find(one.fields["group"])
    assert _referred(DOCUMENT, KEY[::-1]).id != _referred(DOCUMENT).id


def test_published_ids_stay() -> None:
    (packaged,) = config.load(["domain=medical"]).domain.sources
    document = replace(DOCUMENT, id="icd10cm-E11.9", source=packaged.name)
    assert references.step(REDACT, KEY, [packaged])(document) == (document, [])


def test_a_records_own_date_becomes_coarse_where_dates_are_redacted_and_never_earlier() -> None:
    admitted = replace(DOCUMENT, available_at="2019-03-04")
    assert _referred(admitted).available_at == "2019-12-31"
    assert _referred(DOCUMENT).available_at == DOCUMENT.available_at  # of the source, not of the record
    unnamed = REDACT.model_copy(update={"kinds": {}})
    assert references.step(unnamed, KEY, [source("notes")])(admitted)[0].available_at == "2019-03-04"


def test_a_records_own_date_moves_with_the_dates_of_its_text() -> None:
    shift = REDACT.model_copy(update={"kinds": REDACT.kinds | {"date": "shift_dates"}})
    admitted = replace(DOCUMENT, text="Seen on 2019-03-04.", available_at="2019-03-04")
    named, _ = references.step(shift, KEY, [source("notes")])(admitted)
    treated, _ = Deidentifier(shift, KEY).step()(named)
    assert treated.available_at != "2019-03-04"
    assert treated.text == f"Seen on {treated.available_at}."


def test_a_rejection_is_told_without_the_name_of_its_file() -> None:
    file = "data/notes/John_Doe_555-12-3456.csv"
    told = references.hidden(Rejection("notes", file, "line 3", not_unique("mrn", file, "line 1")), KEY)
    assert (told["source"], told["position"]) == ("notes", "line 3")
    assert "Doe" not in json.dumps(dict(told))
    assert told["reason"] == f"mrn is not unique: it stands in {told['file']}, line 1"
