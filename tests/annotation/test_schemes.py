"""The schemes that ship, and what a scheme may not say."""

import pytest
from pydantic import ValidationError

from r1tailor.annotation.schemes import MEDICAL, SHIPPED, opened
from r1tailor.schema.annotation import OwnScheme, Question, ShippedScheme

TOPIC = {"name": "topic", "values": ("cardiac", "renal"), "multiple": False, "definition": "Which organ?"}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_scheme_makes_triples_and_defines_every_label(name: str) -> None:
    scheme = opened(ShippedScheme(kind="shipped", name=name))  # type: ignore[arg-type]
    assert len(scheme.spans) == 3
    assert len(scheme.relations) == 2
    assert all(label.definition for label in (*scheme.spans, *scheme.relations))
    assert opened(scheme) is scheme


def test_a_question_of_a_scheme_is_checked() -> None:
    with pytest.raises(
        ValueError, match="a question must not be called spans: the tools' files use that name themselves"
    ):
        OwnScheme(
            kind="own",
            spans=MEDICAL.spans,
            relations=(),
            questions=(Question(name="spans", values=("a", "b"), multiple=False, definition=""),),
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spans": (), "relations": (), "questions": ()}, "a scheme needs spans or questions"),
        ({"relations": ({"name": "r", "head": "symptom", "tail": "x", "definition": ""},)}, "must be among the spans"),
        ({"questions": (TOPIC, TOPIC)}, "a label stands twice in one list"),
    ],
)
def test_an_incoherent_scheme_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OwnScheme.model_validate(MEDICAL.model_dump() | changes)
