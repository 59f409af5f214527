"""What a scheme of labels may not be."""

import pytest
from pydantic import ValidationError

from r1tailor.annotation.schemes import MEDICAL
from r1tailor.schema.annotation import OwnScheme, Question, SpanLabel

TOPIC = {"name": "topic", "values": ("cardiac", "renal"), "multiple": False, "definition": "Which organ?"}


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


@pytest.mark.parametrize("name", [" leading", "trailing ", "", "x" * 101])
def test_a_label_is_a_word_that_a_tool_can_show(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        SpanLabel(name=name, definition="")
    assert SpanLabel(name="side effect", definition="").name == "side effect"
