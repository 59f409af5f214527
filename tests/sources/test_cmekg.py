"""The packaged Chinese medical knowledge graph, and pickles that would run a program."""

import pickle
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.sources import cmekg
from tests.support.packaged_cases import read_by, real
from tests.traps.danger import Place


def test_the_knowledge_graph_gives_diseases_with_symptoms_and_departments() -> None:
    documents, rejected = real("medical_zh")
    assert (len(documents), rejected) == (5_954, [])
    vitiligo = next(document for document in documents if document.text == "白癜风")
    assert vitiligo.fields["departments"] == ["皮肤科"]
    assert "白斑境界清楚" in vitiligo.fields["symptoms"]
    diabetes_insipidus = next(document for document in documents if document.text == "尿崩症")
    assert diabetes_insipidus.fields["codes"] == ["E23.2", "N25.1"]


def test_the_knowledge_graph_gives_drugs_with_the_diseases_among_their_indications() -> None:
    documents, rejected = real("medical_zh_medication")
    assert (len(documents), rejected) == (14_476, [])
    ointment = next(document for document in documents if document.text == "硼酸软膏")
    assert {"湿疹", "脓疱疮"} <= set(ointment.fields["diseases"]) < set(ointment.fields["indications"])
    assert ointment.fields["contraindications"] == []


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ({1: {}}, "entity 1: its name is no text"),
        ({"a": []}, "entity 1: its predicates are no mapping"),
        ({"a": {"就诊科室": "内科"}}, "entity 1: a predicate is no list of text"),
        ({"a": {"就诊科室": [1]}}, "entity 1: a predicate is no list of text"),
    ],
)
def test_a_damaged_entity_is_rejected(entities: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.pkl"
    path.write_bytes(pickle.dumps(entities))
    assert read_by(cmekg.read, path) == ([], [f"graph.pkl, {message}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(["a"]), "a mapping of entities is expected, found list"),
        (pickle.dumps({"a": {"就诊科室": ["内科"]}})[:-9], "not a pickle that can be read: "),
        (b"", "not a pickle that can be read: it is damaged"),
        (b"garbage", "not a pickle that can be read: "),
        (pickle.dumps({"a": Path}), "not a pickle that can be read: it names a class or function; plain mappings"),
        (b"Pid\n.", "not a pickle that can be read: "),
    ],
    ids=["a list", "cut off", "empty", "garbage", "a class", "a persistent object"],
)
def test_what_is_no_plain_pickle_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        read_by(cmekg.read, path)
    assert str(refusal.value).startswith(f"graph.pkl: {message}")


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_a_program_runs_nothing(protocol: int, tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.zone / "graph.pkl"
    path.write_bytes(place.pickled(protocol))
    with place.refused("names a class or function"):
        read_by(cmekg.read, path)
