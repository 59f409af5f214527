"""Records of anybody become examples; labels are scored where the task names them."""

from r1tailor.domain import Domain
from r1tailor.records import Example, Prediction
from tests.support.made_examples import generic_domain, record


def _answered(domain: Domain, example: Example, generated: str, ranked: str = "") -> dict[str, float]:
    return domain.score(example, Prediction(example.id, generated, -1.0, 1, ranked))


def test_a_generic_record_keeps_its_own_instruction_reasoning_and_group() -> None:
    documents = [record(1, "a", instruction="own", reasoning="why", group="g", entities=["E"]), record(2, "c")]
    first, second = generic_domain(documents, "domain.task.instruction=shared").examples()
    assert first == Example("mine-1", "own", "a", "b", "why", "g", {"entities": ["E"]})
    assert (second.instruction, second.reasoning) == ("shared", "")
    silent = generic_domain(
        documents, "domain.task.reasoning=false", "domain.task.response='{input}={output}'"
    ).examples()
    assert [(example.reasoning, example.output) for example in silent] == [("", "a=b"), ("", "c=b")]


def test_a_generic_answer_is_scored_with_labels_only_where_there_are_some() -> None:
    example = Example("e", "", "a", "New  York", fields={"entities": ["York", "Albany"]})
    plain, labelled = generic_domain([]), generic_domain([], "domain.task.labels=['New  York',York,Rome]")
    answer = "<think>Rome</think> new york "
    assert _answered(plain, example, answer) == {"exact_match": 1.0, "entity_coverage": 0.5}
    assert (plain.labels(), labelled.labels()) == ((), ("New  York", "York", "Rome"))
    scores = _answered(labelled, example, "It is NEW  YORK, not Rome", ranked="Rome")
    assert scores == {"exact_match": 0, "entity_coverage": 0.5, "label_accuracy": 1, "label_accuracy_ranked": 0}
    assert plain.majority_answer([example, example, Example("f", "", "", "z")]) == "New  York"


def test_reasoning_inside_an_output_is_parted_from_the_answer() -> None:
    documents = [record(1, "a", output="<think>\nso\n</think>\n\nyes"), record(2, "b", output="no", reasoning="own")]
    first, second = generic_domain(documents).examples()
    assert (first.reasoning, first.output) == ("so", "yes")
    assert (second.reasoning, second.output) == ("own", "no")
    (silent, _) = generic_domain(documents, "domain.task.reasoning=false").examples()
    assert (silent.reasoning, silent.output) == ("", "yes")


def test_a_reference_is_read_as_the_answer_is() -> None:
    domain = generic_domain([], "domain.task.labels=[Cardiology,Neurology]")
    for reference in ("cardiology", " Cardiology ", "Please refer to the CARDIOLOGY department."):
        example = Example("e", "", "x", reference, fields={"entities": []})
        scores = _answered(domain, example, "It is cardiology.", ranked="Cardiology")
        assert (scores["label_accuracy"], scores["label_accuracy_ranked"]) == (1.0, 1.0)
        assert "entity_coverage" not in scores, "nothing had to be mentioned"
    outside = Example("e", "", "x", "the sea", fields={"entities": []})
    assert "label_accuracy" not in _answered(domain, outside, "no label")


def test_a_label_is_a_whole_word() -> None:
    domain = generic_domain([], "domain.task.labels=[A,B]")
    example = Example("e", "", "x", "B", fields={"entities": []})
    assert _answered(domain, example, "The answer is B.")["label_accuracy"] == 1.0
    assert _answered(domain, example, "A bee is no bird, so B")["label_accuracy"] == 1.0
    assert _answered(domain, example, "Because")["label_accuracy"] == 0.0
