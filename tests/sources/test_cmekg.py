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


def test_an_indication_is_a_disease_by_its_code(tmp_path: Path) -> None:
    """Symptoms, fragments of sentences and names that are too wide are none."""
    path = tmp_path / "graph.pkl"
    entities = {
        "药": {"适应症": ["肺炎", "水肿", "青霉素过敏", "皮肤病", "其他"]},
        "肺炎": {"ICD10": ["J18.9"]},
        "水肿": {"ICD10": ["R60.9"]},
        "青霉素过敏": {"就诊科室": ["内科"]},
        "皮肤病": {"ICD10": ["L98.9"]},
    }
    path.write_bytes(pickle.dumps(entities))
    (drug,), _ = read_by(cmekg.read_drugs, path)
    assert drug.fields["diseases"] == ["肺炎"]


def test_diseases_with_symptoms_and_treatments_are_read_for_triples(tmp_path: Path) -> None:
    path = tmp_path / "graph.pkl"
    entities = {
        "肺炎": {"常见症状": ["发热"], "治疗": ["吸氧"], "药物治疗": ["青霉素"]},
        "疝": {"常见症状": ["肿块"], "手术治疗": ["疝修补术"]},
        "无治疗": {"常见症状": ["发热"]},
        "无症状": {"治疗": ["休息"]},
        "坏": {"治疗": "休息"},
    }
    path.write_bytes(pickle.dumps(entities))
    documents, rejected = read_by(cmekg.read_treatments, path)
    assert [(one.text, one.fields) for one in documents] == [
        ("肺炎", {"symptoms": ["发热"], "treatments": ["吸氧", "青霉素"]}),
        ("疝", {"symptoms": ["肿块"], "treatments": ["疝修补术"]}),
    ]
    assert rejected == ["graph.pkl, entity 5: a predicate is no list of text"]
