"""Tasks for Label Studio, and the labelling configuration of a scheme."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lxml import etree

from r1tailor.annotation import label_studio
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.label_studio.tasks import labelling_config, tasks
from r1tailor.annotation.suggest import Suggestion
from r1tailor.records import Annotation, Labels, Span
from r1tailor.schema.annotation import Question
from tests.external.label_studio import DOCUMENTS, SAID, SCHEME
from tests.support.label_studio_cases import DOCUMENT, TEXT

REAL = Path(__file__).parents[2] / "data"


def test_a_real_export_written_again_says_the_same(read: Callable[..., list[Annotation]]) -> None:
    expected = Expected({document.id: document for document in DOCUMENTS}, SCHEME)
    first = label_studio.read(REAL / "label_studio.json", expected)
    written = tasks(DOCUMENTS, annotations=first)
    for number, task in enumerate(written):
        task["id"] = number
        for annotation in task["annotations"]:
            annotation["id"] = number
    again = read(written, expected)
    by_vote = {(vote.document, vote.annotator): replace(vote, position="") for vote in again}
    assert by_vote == {(vote.document, vote.annotator): replace(vote, position="") for vote in first}
    assert len(again) == len(first) == 6
    assert {vote.document: vote.labels for vote in again if not vote.cancelled} == SAID


def test_a_task_carries_suggestions_with_their_maker_and_score() -> None:
    suggested = Suggestion("d1", "medical-3", 0.75, Labels((Span(2, 7, "symptom"),)))
    (task,) = tasks([DOCUMENT], [suggested], reasons={"d1": "labelled once"})
    assert task["data"] == {"document": "d1", "text": TEXT}
    assert (task["meta"], task["annotations"]) == ({"reason": "labelled once"}, [])
    (prediction,) = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("medical-3", 0.75)
    assert prediction["result"][0]["value"] == {"start": 2, "end": 7, "text": "fever", "labels": ["symptom"]}


def test_a_scheme_becomes_a_labelling_configuration() -> None:
    several = Question(name="topics", values=("a & b", "c"), multiple=True, definition="Which?")
    view = etree.fromstring(labelling_config(SCHEME.model_copy(update={"questions": (several,)})))
    assert view.xpath("Labels/Label/@value") == ["symptom", "disease", "treatment"]
    assert view.xpath("Relations/Relation/@value") == ["indicates", "treats"]
    assert view.xpath("Choices[@name='topics'][@choice='multiple']/Choice/@value") == ["a & b", "c"]
    assert view.xpath("Text/@saveTextResult") == ["yes"]
    assert all(view.xpath("Labels/Label/@hint"))
