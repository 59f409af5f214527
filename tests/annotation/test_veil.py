"""Annotators and the people whom they mention stay hidden; labels still find their documents."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.annotation import annotate, settle
from r1tailor.annotation.veil import Veil
from r1tailor.corpus.privacy import Deidentifier
from r1tailor.corpus.privacy.references import document_id
from r1tailor.errors import DataError
from r1tailor.records import Annotation
from tests.corpus.privacy.test_deidentify import KEY, REDACT
from tests.support.annotated import DOCUMENTS, stage, votes_of_two

VEIL = Veil(Deidentifier(REDACT, KEY), KEY)
CLEAN = [replace(document, id=document_id("s", document.id, KEY)) for document in DOCUMENTS]


def _people(votes: list[Annotation], opaque: bool) -> list[Annotation]:
    """Return votes of people with names, who comment on others, on documents by opaque or by raw id."""
    return [
        replace(
            vote,
            annotator=f"{vote.annotator}.okonkwo@hospital.org",
            document=document_id("s", vote.document, KEY) if opaque else vote.document,
            labels=replace(vote.labels, comments={"comment": ("Ask Dr. John Okonkwo, MRN: 4482910",)}),
        )
        for vote in votes
    ]


@pytest.mark.parametrize("opaque", [True, False], ids=["tasks of now", "tasks from before ids were opaque"])
def test_nothing_written_names_who_annotated_and_every_vote_finds_its_document(tmp_path: Path, opaque: bool) -> None:
    own = stage(tmp_path, _people(votes_of_two(), opaque))
    gold = annotate(CLEAN, own, tmp_path, seed=1, veil=VEIL)
    settle(gold, own, tmp_path / "annotate")
    plain = annotate(DOCUMENTS, stage(tmp_path, votes_of_two()), tmp_path, seed=1)
    assert [one.fields.get("gold") for one in gold.documents] == [one.fields.get("gold") for one in plain.documents]
    assert gold.summary == plain.summary
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "annotate").rglob("*.json*"))
    for secret in ("okonkwo", "Okonkwo", "hospital", "4482910", str(tmp_path), "votes.jsonl"):
        assert secret not in written, secret
    first = json.loads((tmp_path / "annotate" / "gold.jsonl").read_text("utf-8").splitlines()[0])
    assert len({vote["annotator"] for vote in first["votes"]}) == 2
    assert first["votes"][0]["labels"]["comments"]["comment"] == ["Ask Dr. [NAME], MRN: [MRN]"]


def test_an_unknown_document_is_not_quoted_for_its_id_may_be_a_raw_one(tmp_path: Path) -> None:
    votes = [replace(votes_of_two()[0], document="notes-523-41-8867")]
    with pytest.raises(DataError, match="its document is not among the clean documents; write the tasks") as refusal:
        annotate(CLEAN, stage(tmp_path, votes), tmp_path, seed=1, veil=VEIL)
    assert "8867" not in str(refusal.value)


def test_a_domain_without_privacy_has_no_veil(tmp_path: Path) -> None:
    assert Veil.of(None, tmp_path) is None
