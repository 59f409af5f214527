"""Tasks for Label Studio, and the labelling configuration of a scheme.

A task carries the id of its document with the text, so that annotations find their document. Suggestions become
predictions with their origin and confidence. Offsets are written in code points, as version 1.23 counts them.
Format: https://labelstud.io/guide/tasks and /guide/predictions.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lxml import etree

from r1tailor.annotation.label_studio.formats import COMMENT
from r1tailor.annotation.suggest import Suggestion
from r1tailor.records import Annotation, Document, Labels
from r1tailor.schema.annotation import OwnScheme

_SPANS, _TEXT = "spans", "text"  # names of the controls in the configuration


def labelling_config(scheme: OwnScheme) -> str:
    """Return the labelling configuration (XML) of a scheme; its definitions are the labels' hints."""
    view = etree.Element("View")
    for question in scheme.questions:
        kind = "multiple" if question.multiple else "single"
        etree.SubElement(view, "Header", value=question.definition)
        choices = etree.SubElement(view, "Choices", name=question.name, toName=_TEXT, choice=kind, showInline="true")
        for value in question.values:
            etree.SubElement(choices, "Choice", value=value)
    if scheme.spans:
        labels = etree.SubElement(view, "Labels", name=_SPANS, toName=_TEXT)
        for span in scheme.spans:
            etree.SubElement(labels, "Label", value=span.name, hint=span.definition)
    if scheme.relations:
        relations = etree.SubElement(view, "Relations")
        for name in dict.fromkeys(relation.name for relation in scheme.relations):
            etree.SubElement(relations, "Relation", value=name)
    etree.SubElement(view, "Text", name=_TEXT, value="$text", saveTextResult="yes")
    etree.SubElement(view, "TextArea", name=COMMENT, toName=_TEXT, placeholder="Comment for the adjudicator", rows="2")
    return etree.tostring(view, encoding="unicode", pretty_print=True)


def tasks(
    documents: Iterable[Document],
    suggestions: Sequence[Suggestion] = (),
    annotations: Sequence[Annotation] = (),
    reasons: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return one task per document, as plain JSON values.

    Args:
        documents: to be labelled, in this order.
        suggestions: predictions that annotators see and correct.
        annotations: existing votes, which Label Studio shows as done.
        reasons: by document, why it is to be labelled (again), for the task's meta.
    """
    return [
        {
            "data": {"document": document.id, "text": document.text},
            "meta": {"reason": reasons[document.id]} if reasons else {},
            "predictions": [_prediction(s, document.text) for s in suggestions if s.document == document.id],
            "annotations": [_annotated(a, document.text) for a in annotations if a.document == document.id],
        }
        for document in documents
    ]


def _prediction(suggestion: Suggestion, text: str) -> dict[str, Any]:
    return {
        "model_version": suggestion.model_version,
        "score": suggestion.score,
        "result": _result(suggestion.labels, text),
    }


def _annotated(annotation: Annotation, text: str) -> dict[str, Any]:
    who = annotation.annotator
    return {
        "completed_by": int(who) if who.isdecimal() else {"email": who},
        "was_cancelled": annotation.cancelled,
        "result": _result(annotation.labels, text),
        "created_at": annotation.created_at,
        "lead_time": annotation.lead_seconds,
    }


def _result(labels: Labels, text: str) -> list[dict[str, Any]]:
    id_of = {span: f"s{number}" for number, span in enumerate(labels.spans)}
    spans = [
        {
            **_control(_SPANS, "labels", id_of[span]),
            "value": {
                "start": span.start,
                "end": span.end,
                "text": text[span.start : span.end],
                "labels": [span.label],
            },
        }
        for span in labels.spans
    ]
    relations = [
        {
            "type": "relation",
            "from_id": id_of[relation.head],
            "to_id": id_of[relation.tail],
            "direction": "right",
            "labels": [relation.label],
        }
        for relation in labels.relations
    ]
    answers = [
        {**_control(name, "choices", f"c-{name}"), "value": {"choices": list(values)}}
        for name, values in labels.answers.items()
    ]
    comments = [
        {**_control(name, "textarea", f"t-{name}"), "value": {"text": list(values)}}
        for name, values in labels.comments.items()
    ]
    return [*spans, *relations, *answers, *comments]


def _control(name: str, type_: str, id_: str) -> dict[str, Any]:
    return {"id": id_, "type": type_, "from_name": name, "to_name": _TEXT}
