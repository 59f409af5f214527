"""Every stage of the data is bounded: what takes too long or too much is refused by name, in a worker process."""

from importlib import import_module
from pathlib import Path

import pytest

from r1tailor import annotation, bounded, stages
from r1tailor.annotation import annotate, prodigy
from r1tailor.annotation.veil import Veil
from r1tailor.corpus import cleaned as cleaned_documents
from r1tailor.corpus.privacy.deidentify import Deidentifier
from r1tailor.document_files import write_documents
from r1tailor.domain.generic import Generic
from r1tailor.errors import DataError
from r1tailor.instruction import build
from r1tailor.layout import RunFolder
from r1tailor.records import Document, Span
from r1tailor.schema.annotation import OwnScheme, ProdigyExport, RelationLabel, SpanLabel
from r1tailor.schema.corpus import Duplicates, Limits, Privacy
from tests.support.annotated import DOCUMENTS, FACTS, stage, vote, votes_of_two
from tests.support.toy_run import toy_settings

gate = import_module("r1tailor.corpus.privacy.gate")
deduplicate = import_module("r1tailor.corpus.deduplicate")
SHORT = Limits(seconds=0.5, seconds_per_mb=0, memory_mb=150, memory_mb_per_mb=0)
TOO_LONG = r"it takes more than 0\.5 s of processor time \(corpus\.limits\)$"


def loops(*_: object, **__: object) -> None:
    while True:
        pass


def test_a_document_that_keeps_the_gate_busy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = toy_settings(tmp_path).domain
    privacy = Privacy(kinds={}, key_variable="KEY", share_of_documents_with_findings=0.0)
    domain = domain.model_copy(
        update={"compliance": "hipaa", "cleaning": domain.cleaning.model_copy(update={"privacy": privacy})}
    )
    find = gate.find
    monkeypatch.setattr(gate, "find", lambda text, *how: loops() if text == "b" else find(text, *how))
    documents = [Document(f"d-{text}", text, **FACTS) for text in "abc"]
    with pytest.raises(DataError, match=f"^document d-b: {TOO_LONG}"):
        bounded.run(lambda: gate.gate(documents, domain), SHORT)


def test_documents_that_keep_the_comparison_busy_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "documents.parquet"
    write_documents(path, (Document(f"d-{text}", f"the same {text}", **FACTS) for text in "abb"))
    compare = Duplicates(similarity=0.8)
    for name, words in (("shingles", "documents d-a to d-b"), ("_join_same", "the comparison of 3 documents")):
        with monkeypatch.context() as patched:
            patched.setattr(deduplicate, name, loops)
            with pytest.raises(DataError, match=f"^{words}: {TOO_LONG}"):
                bounded.run(lambda: deduplicate.deduplicate(path, path, compare), SHORT)


def test_an_export_that_takes_too_long_is_named_but_not_where_its_name_may_be_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "miller.jsonl").write_text("{}\n", encoding="utf-8")
    own = stage(tmp_path, []).model_copy(update={"exports": (ProdigyExport(kind="prodigy", path="miller.jsonl"),)})
    monkeypatch.setattr(prodigy, "read", loops)
    with pytest.raises(DataError, match=rf"^{tmp_path}/miller\.jsonl: {TOO_LONG}"):
        bounded.run(lambda: annotate(DOCUMENTS, own, tmp_path, seed=1), SHORT)
    privacy = Privacy(kinds={}, key_variable="KEY", share_of_documents_with_findings=0.0)
    veil = Veil(Deidentifier(privacy, b"k" * 32), b"k" * 32)
    with pytest.raises(DataError, match=f"^export 1: {TOO_LONG}"):
        bounded.run(lambda: annotate(DOCUMENTS, own, tmp_path, seed=1, veil=veil), SHORT)


def test_relations_between_very_many_spans_are_refused(tmp_path: Path) -> None:
    """Each span with each other: 250,000 pairs of 500 spans would be rated for every aspect."""
    spans = [Span(place, place + 1, "a") for place in range(2000)]
    scheme = OwnScheme(
        kind="own",
        spans=(SpanLabel(name="a", definition="a"),),
        relations=(RelationLabel(name="to", head="a", tail="a", definition="to"),),
        questions=(),
    )
    own = stage(tmp_path, [vote(who, *spans) for who in "ab"]).model_copy(update={"scheme": scheme})
    documents = [Document("d1", "x" * 2000, **FACTS)]
    with pytest.raises(DataError, match=r"^the agreement of 1 exports: it takes more than .* \(corpus\.limits\)$"):
        bounded.run(lambda: annotate(documents, own, tmp_path, seed=1), SHORT)


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cleaned")
    for name in ("collect", "clean", "annotate"):
        stages.STAGES[name](toy_settings(root), RunFolder(root / "run"))
    return root


LATER = {
    "clean": (cleaned_documents, "gate", None),
    "annotate": (annotation, "annotate", None),
    "instruct": (Generic, "examples", "the examples of domain colours"),
    "instruct, the split": (build, "split", "the split of domain colours .*"),
}


@pytest.mark.parametrize("case", LATER)
def test_a_stage_works_on_material_in_a_worker(case: str, cleaned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, name, words = LATER[case]
    settings, run = toy_settings(cleaned, "corpus.limits.seconds=0.5"), RunFolder(cleaned / "run")

    def hostile(*_: object, **__: object) -> None:
        if words is None:
            bounded.entered("odd.json", 1)
        loops()

    monkeypatch.setattr(place, name, hostile)
    if case == "annotate":
        own = stage(cleaned, votes_of_two())
        domain = settings.domain.model_copy(update={"annotation": own})
        settings = settings.model_copy(update={"domain": domain})
    stage_name = case.partition(",")[0]
    with pytest.raises(DataError, match=rf"^{words or 'odd.json'}: it takes more than .* of processor time"):
        stages.STAGES[stage_name](settings, run)
    monkeypatch.undo()
    stages.STAGES[stage_name](toy_settings(cleaned), run)
