"""The gate stops what is planted below it and says what to do next; what is planted above it passes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.annotation import Gold, annotate, prodigy, settle
from r1tailor.annotation.label_studio.tasks import tasks
from r1tailor.errors import DataError
from r1tailor.record_files import write_records
from r1tailor.records import Annotation, Document, Labels
from r1tailor.schema.annotation import (
    AgreementGate,
    Export,
    LabelStudioExport,
    ProdigyExport,
    RecordsExport,
    ShippedScheme,
)
from r1tailor.schema.annotation import Annotation as AnnotationSettings
from tests.annotation.test_agreement import ASKED, FACTS, FEVER, FLU, _planted, _vote

GATE = AgreementGate(kappa=0.80, lower_bound=0.67, items=50, resamples=100, confidence=0.95)
SETTINGS = AnnotationSettings(scheme=ASKED, exports=(), gate=GATE, merge="exact", adjudication=None)


@pytest.fixture
def annotated(tmp_path: Path) -> Callable[..., Gold]:
    """Write votes as an export of a tool and run the stage on them."""

    def run(votes: Sequence[Annotation], settings_: AnnotationSettings = SETTINGS, kind: str = "label_studio") -> Gold:
        ids = list(dict.fromkeys(vote.document for vote in votes))
        documents = [Document(id_, f"text of {id_}", **FACTS) for id_ in ids]
        export: Export
        if kind == "label_studio":
            rows = tasks(documents, annotations=votes)
            for number, annotation in enumerate(chain.from_iterable(row["annotations"] for row in rows)):
                annotation["id"] = number
            written = json.dumps([row | {"id": number} for number, row in enumerate(rows)])
            export = LabelStudioExport(kind="label_studio", path="votes")
        else:
            written = "".join(f"{json.dumps(row)}\n" for row in prodigy.tasks(documents, ASKED, annotations=votes))
            export = ProdigyExport(kind="prodigy", path="votes")
        (tmp_path / "votes").write_text(written, encoding="utf-8")
        return annotate(documents, settings_.model_copy(update={"exports": (export,)}), tmp_path, seed=1)

    return run


def _settled(gold: Gold, folder: Path, **exports: object) -> str:
    with pytest.raises(DataError) as refusal:
        settle(gold, SETTINGS.model_copy(update=exports), folder)
    return str(refusal.value).replace(str(folder), "annotate")


def test_without_exports_documents_pass_through(tmp_path: Path) -> None:
    gold = annotate(iter([Document("d", "x", **FACTS)]), SETTINGS, tmp_path, seed=1)
    settle(gold, SETTINGS, tmp_path)
    assert [document.fields for document in gold.documents] == [{}]
    assert gold.summary == "no exports in domain.annotation.exports, documents pass through"
    assert store.read_json(tmp_path / "report.json") == {"exports": 0}


def test_planted_disagreement_at_0_7_is_stopped_with_what_to_do_next(
    annotated: Callable[..., Gold], tmp_path: Path
) -> None:
    votes = [*_planted(0.8, 200), _vote("once", "a", topic="renal")]
    gold = annotated(votes)
    (found,) = gold.agreement
    assert found.kappa == pytest.approx(0.70, abs=0.03)
    exports = (LabelStudioExport(kind="label_studio", path="x"), ProdigyExport(kind="prodigy", path="y"))
    said = _settled(gold, tmp_path, exports=exports).splitlines()
    split = sum(share > 0 for share in found.disagreement.values())
    first, second, third = found.confusions
    assert said[0] == "annotation: inter-annotator agreement is too low to train on the labels (domain.annotation.gate)"
    assert said[1].startswith(f"  topic: Cohen's kappa {found.kappa:.2f} [")
    assert said[1].endswith(
        f"Cohen's kappa is {found.kappa:.2f}, 0.80 is needed; its lower bound is {found.low:.2f}, 0.67 is needed"
    )
    assert "over 200 documents (two annotators rated every unit); raw agreement 0." in said[1]
    assert said[2] == "what the guideline should settle:"
    assert said[3] == (
        f"  {first.first} / {first.second} ({first.pairs} pairs of votes): "
        "define which of the two applies where both seem to, with an example of each"
    )
    files = "annotate/next_round/prodigy.jsonl and annotate/next_round/label_studio.json"
    assert said[6] == f"the next annotation round, {split + 1} documents, is in {files}"
    assert said[7].startswith("  first come d")
    assert "(disagreement 1.00)" in said[7]
    assert said[8] == (
        "what to do: settle the guideline; let two or more annotators label the next round by it; "
        "add their export to domain.annotation.exports; run again: the newest labels of each annotator count"
    )
    assert len(said) == 9
    written = store.read_json(tmp_path / "next_round" / "label_studio.json")
    assert [task["meta"]["reason"] for task in written] == ["disagreement 1.00"] * split + ["labelled once"]
    assert {key for task in written for key in ("predictions", "annotations") if task[key]} == set()  # nobody's votes
    assert len((tmp_path / "next_round" / "prodigy.jsonl").read_text("utf-8").splitlines()) == split + 1
    assert (tmp_path / "next_round" / "label_studio.xml").is_file()
    assert first.pairs + second.pairs + third.pairs == split


def test_planted_agreement_at_0_85_passes(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    gold = annotated(_planted(0.9, 200))
    (found,) = gold.agreement
    assert found.kappa == pytest.approx(0.85, abs=0.03)
    settle(gold, SETTINGS, tmp_path)
    assert not (tmp_path / "next_round").exists()
    assert gold.again == {}
    report = store.read_json(tmp_path / "report.json")
    assert report["agreement"][0]["misses"] == []
    assert report["labelled_twice_or_more"] == report["documents"] == 200
    assert sum(report["rules"]["topic"].values()) == 200


def test_few_documents_are_no_proof_however_well_people_agree(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    said = _settled(annotated(_planted(1.0, 49)), tmp_path)
    assert said.splitlines()[1].endswith(": 49 documents labelled twice or more, 50 are needed")
    assert said.splitlines()[2] == (
        "what to do: let two or more annotators label further documents, until 50 are labelled twice; "
        "add their export to domain.annotation.exports; run again: the newest labels of each annotator count"
    )
    settle(annotated(_planted(1.0, 50)), SETTINGS, tmp_path)


def test_a_high_value_with_a_low_bound_is_stopped(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    sure = SETTINGS.model_copy(update={"gate": GATE.model_copy(update={"lower_bound": 0.99})})
    gold = annotated(_planted(0.9, 60), sure)
    with pytest.raises(DataError, match=r": its lower bound is 0\.\d\d, 0\.99 is needed\n"):
        settle(gold, sure, tmp_path)


def test_a_change_of_annotators_calls_for_fleiss_and_missing_cells_for_krippendorff(
    annotated: Callable[..., Gold],
) -> None:
    three = _planted(0.95, 60, "abc")
    pairs = [vote for number, vote in enumerate(three) if number % 3 != (number // 3) % 3]
    assert annotated(three).agreement[0].coefficient == "Fleiss' kappa"
    assert annotated(pairs).agreement[0].coefficient == "Fleiss' kappa"
    assert annotated(three[:-1]).agreement[0].coefficient == "Krippendorff's alpha"


def test_the_newest_labels_of_a_person_count_whatever_the_order(annotated: Callable[..., Gold]) -> None:
    old = _planted(0.5, 60)
    new = [replace(vote, created_at="2026-02-01T00:00:00+00:00") for vote in _planted(1.0, 60)]
    for votes in (old + new, new + old):
        gold = annotated(votes, kind="prodigy")
        assert gold.agreement[0].kappa == pytest.approx(1.0)
        assert gold.report["superseded"] == 120


def test_cancelled_votes_count_for_nothing(annotated: Callable[..., Gold]) -> None:
    votes = _planted(1.0, 60)
    skipped = [replace(vote, annotator="c", answer="ignore", labels=Labels()) for vote in votes[::2]]
    gold = annotated([*votes, *skipped])
    assert gold.agreement[0].coefficient == "Cohen's kappa"
    assert (gold.report["cancelled"], gold.report["votes_by_annotator"]) == (60, {"a": 60, "b": 60})


def test_confused_labels_get_their_definitions_side_by_side(tmp_path: Path) -> None:
    documents = [Document(f"d{n}", "high fever, flu", **FACTS) for n in range(4)]
    disease = replace(FEVER, label="disease")
    votes = [_vote(d.id, a, FLU, FEVER if a == "a" or d.id == "d0" else disease) for d in documents for a in "ab"]
    write_records(tmp_path / "votes.jsonl", votes)
    own = SETTINGS.model_copy(
        update={
            "scheme": ShippedScheme(kind="shipped", name="medical"),
            "exports": (RecordsExport(kind="records", path="votes.jsonl"),),
        }
    )
    gold = annotate(documents, own, tmp_path, seed=1)
    with pytest.raises(DataError) as refusal:
        settle(gold, own, tmp_path)
    assert (
        "  disease / symptom (3 pairs of votes): disease is a named condition that explains symptoms, confirmed or "
        "not; symptom is what is reported or found: a complaint, a sign, a value: define which of the two applies"
    ) in str(refusal.value)
    assert "high fever" not in str(refusal.value)
