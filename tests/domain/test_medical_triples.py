"""Triples of symptom, disease and treatment: from labels, from the graph, and how answers are scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor.annotation.gold import annotate
from r1tailor.domain import open_domain
from r1tailor.domain.medical_triples import MedicalTriples
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Example, Relation, Span
from r1tailor.schema.annotation import ShippedScheme
from r1tailor.schema.settings import Settings
from tests.support.annotated import stage, vote
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
TEXT = "发热、咳嗽两天，诊断为肺炎，予青霉素。"


def _disease(name: str, symptoms: list[str], treatments: list[str]) -> Document:
    return Document(name, name, position=name, fields={"symptoms": symptoms, "treatments": treatments}, **FACTS)


GRAPH = [
    _disease("肺炎", ["发热", "咳嗽", "咳痰"], ["吸氧", "青霉素", "这是一个很长很长很长的句子而不是治疗"]),
    _disease("疝", ["肿块"], ["疝修补术"]),
    _disease("无症状病", [], ["休息"]),
    _disease("无治疗病", ["皮疹"], []),
]


def _span(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def _labelled(relations: list[dict[str, Any]], rule: str = "unanimous") -> Document:
    gold = {"rules": {"relations": rule}, "spans": [], "relations": relations, "answers": {}}
    return Document("note", TEXT, position="1", fields={"gold": gold, "group": "p1"}, **FACTS)


FEVER, COUGH = _span(0, 2, "symptom"), _span(3, 5, "symptom")
PNEUMONIA, PENICILLIN = _span(11, 13, "disease"), _span(15, 18, "treatment")
RELATIONS = [
    {"label": "indicates", "head": FEVER, "tail": PNEUMONIA},
    {"label": "indicates", "head": COUGH, "tail": PNEUMONIA},
    {"label": "treats", "head": PENICILLIN, "tail": PNEUMONIA},
]


@pytest.fixture
def make(settings: Callable[..., Settings]) -> Callable[..., MedicalTriples]:
    def make(documents: list[Document], *overrides: str) -> MedicalTriples:
        opened = open_domain(settings("domain=medical_triples", *overrides).domain, documents)
        assert isinstance(opened, MedicalTriples)
        return opened

    return make


def test_labelled_relations_become_lines(make: Callable[..., MedicalTriples]) -> None:
    (example,) = make([_labelled(RELATIONS)]).examples()
    assert (example.input, example.group) == (TEXT, "p1")
    assert example.output == "症状 | 肺炎 | 发热; 咳嗽\n治疗 | 肺炎 | 青霉素"
    assert example.fields["triples"][2] == ["treats", "青霉素", "肺炎"]


def test_votes_of_two_annotators_become_gold_triples(make: Callable[..., MedicalTriples], tmp_path: Path) -> None:
    """By the shipped scheme and the stage that merges votes; the second drew one relation that the first did not."""
    fever, cough = Span(0, 2, "symptom"), Span(3, 5, "symptom")
    pneumonia, penicillin = Span(11, 13, "disease"), Span(15, 18, "treatment")
    both = (Relation(fever, pneumonia, "indicates"), Relation(penicillin, pneumonia, "treats"))
    more = tuple(sorted((*both, Relation(cough, pneumonia, "indicates"))))
    spans = (fever, cough, pneumonia, penicillin)
    votes = [vote("a", *spans, relations=both), vote("b", *spans, relations=more), vote("c", *spans, relations=both)]
    scheme = ShippedScheme(kind="shipped", name="medical")
    settings = stage(tmp_path, votes).model_copy(update={"scheme": scheme})
    gold = annotate([Document("d1", TEXT, position="1", **FACTS)], settings, tmp_path, 1)
    (example,) = make(list(gold.documents)).examples()
    assert example.output == "症状 | 肺炎 | 发热\n治疗 | 肺炎 | 青霉素"


def test_undecided_labels_make_no_example(make: Callable[..., MedicalTriples]) -> None:
    assert list(make([_labelled(RELATIONS, "undecided")]).examples()) == []


def test_a_relation_that_answers_have_no_name_for_stops_the_run(make: Callable[..., MedicalTriples]) -> None:
    strange = [{"label": "prevents", "head": PENICILLIN, "tail": PNEUMONIA}]
    with pytest.raises(DataError, match=r"note: the relation 'prevents' is none of task\.relations"):
        list(make([_labelled(strange)]).examples())


def test_documents_without_labels_and_treatments_stop_the_run(make: Callable[..., MedicalTriples]) -> None:
    with pytest.raises(DataError, match="no document has gold labels"):
        list(make([Document("d", TEXT, position="1", **FACTS)]).examples())


def test_texts_of_the_graph_name_what_belongs_to_no_triple(make: Callable[..., MedicalTriples]) -> None:
    domain = make(GRAPH)
    examples = {example.id: example for example in domain.examples()}
    assert list(examples) == ["肺炎-1", "肺炎-2", "疝-1", "疝-2"]
    assert domain.remarks() == ("1 of 4 documents have no gold labels and no treatments",)
    first, second = examples["肺炎-1"], examples["肺炎-2"]
    assert first.group == "肺炎"
    denied = first.input.partition("无")[2].partition("，")[0]
    assert denied in {"肿块", "皮疹"}
    assert denied not in first.output
    past = second.input.removeprefix("既往有").partition("病史")[0]
    assert past in {"疝", "无症状病", "无治疗病"}
    assert f"| {past} |" not in second.output
    assert [one for one in first.fields["triples"] if one[0] == "treats"] == [
        ["treats", "吸氧", "肺炎"],
        ["treats", "青霉素", "肺炎"],
    ]
    assert list(domain.examples()) == list(examples.values()), "the same in every run"


@pytest.mark.parametrize(
    ("answer", "exact", "relaxed", "indicates", "treats"),
    [
        ("症状 | 肺炎 | 发热; 咳嗽\n治疗 | 肺炎 | 青霉素", (1, 1, 1), (1, 1, 1), 1, 1),
        ("症状｜肺炎｜咳嗽；发热", (1, 2 / 3, 0.8), (1, 2 / 3, 0.8), 1, 0),
        ("症状 | 重症肺炎 | 高热发热\n治疗 | 肺炎 | 青霉素", (0.5, 1 / 3, 0.4), (1, 2 / 3, 0.8), 0, 1),
        ("治疗 | 肺炎 | 发热", (0, 0, 0), (0, 0, 0), 0, 0),  # the right terms in another relation
        (
            "症状 | 肺炎 | 发热\n我不知道",
            (0.5, 1 / 3, 0.4),
            (0.5, 1 / 3, 0.4),
            2 / 3,
            0,
        ),  # a line that is none is wrong
        ("症状 | 肺炎 | 发热; 发热; 发热", (1, 1 / 3, 0.5), (1, 1 / 3, 0.5), 2 / 3, 0),  # each once
        (
            "症状 | 肺炎 | 发热; 发热症",
            (0.5, 1 / 3, 0.4),
            (0.5, 1 / 3, 0.4),
            0.5,
            0,
        ),  # one of the answer for one wanted
        ("<think>症状 | 肺炎 | 发热</think>", (0, 0, 0), (0, 0, 0), 0, 0),
        ("", (0, 0, 0), (0, 0, 0), 0, 0),
    ],
)
def test_answers_are_scored_exactly_and_relaxed_and_by_relation(
    answer: str,
    exact: tuple[float, ...],
    relaxed: tuple[float, ...],
    indicates: float,
    treats: float,
    make: Callable[..., MedicalTriples],
) -> None:
    domain = make([_labelled(RELATIONS)])
    (example,) = domain.examples()
    scores = scores_of(domain, example, answer)
    assert [scores[f"triple_{name}"] for name in ("precision", "recall", "f1")] == pytest.approx(exact)
    assert [scores[f"triple_{name}_relaxed"] for name in ("precision", "recall", "f1")] == pytest.approx(relaxed)
    assert scores["indicates_f1"] == pytest.approx(indicates)
    assert scores["treats_f1"] == pytest.approx(treats)


def test_a_relation_that_neither_side_has_is_not_measured(make: Callable[..., MedicalTriples]) -> None:
    domain = make([_labelled(RELATIONS[:2])])
    (example,) = domain.examples()
    assert "treats_f1" not in scores_of(domain, example, "症状 | 肺炎 | 发热")
    assert scores_of(domain, example, "治疗 | 肺炎 | 青霉素")["treats_precision"] == 0


def test_known_terms_are_paired_where_they_stand_in_a_text(make: Callable[..., MedicalTriples]) -> None:
    domain = make([_labelled(RELATIONS)])
    (train,) = domain.examples()
    asked = Example("i", "", "咳嗽，考虑肺炎，无胸痛。", "", fields={"triples": []})
    assert domain.plain_answers([train], [asked]) == {"known_terms": ["症状 | 肺炎 | 咳嗽"]}
    assert domain.majority_answer([train]) == "症状 | 肺炎 | 发热"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("domain.task.phrasings=['{symptoms} {disease}']", "must hold {symptoms}, {disease} and {treatments}"),
        ("domain.task.phrasings=['{symptoms} {disease} {treatments} {age}']", "and nothing else in braces"),
        ("domain.task.relations={indicates: a, treats: a}", "two of them are called the same in an answer"),
    ],
)
def test_settings_that_cannot_be_read_back_are_refused(
    override: str, message: str, make: Callable[..., MedicalTriples]
) -> None:
    with pytest.raises(ConfigError) as refusal:
        make(GRAPH, override)
    assert message in str(refusal.value)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_the_graph_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("medical_triples", tmp_path, 8, "evaluation.plain_baselines=1000")
    assert 0 <= metrics["models"]["tuned"]["triple_f1_relaxed"]["value"] <= 1
    assert metrics["models"]["known_terms"]["triple_f1"]["value"] >= 0
