"""Steps and their notes."""

import traceback
from dataclasses import replace

import pytest

from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.engine import treated
from r1tailor.errors import DataError, TailorError
from r1tailor.records import Document
from tests.corpus.test_engine import SECRET, _documents


def test_steps_follow_one_another_and_their_notes_too() -> None:
    def mark(sign: str) -> Step:
        return lambda document: (replace(document, text=document.text + sign), [Note(sign)])

    outcome = treated(_documents(["x"])[0], [mark("1"), mark("2"), mark("3")])
    assert (outcome.document.text, [note.rule for note in outcome.notes]) == ("x123", ["1", "2", "3"])


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (KeyError(SECRET), TailorError, "document d0: a step broke down with KeyError"),
        (DataError("no licence"), DataError, "document d0: no licence"),
        (TailorError("odd"), TailorError, "document d0: a step broke down with TailorError"),
    ],
)
def test_a_step_that_raises_names_the_document_and_does_not_quote_it(
    error: Exception, kind: type[Exception], message: str
) -> None:
    def step(document: Document) -> tuple[Document, list[Note]]:
        raise error

    with pytest.raises(TailorError) as refusal:
        treated(_documents([SECRET])[0], [step])
    assert type(refusal.value) is kind
    assert str(refusal.value).startswith(message)
    shown = "".join(traceback.format_exception(refusal.value))
    assert SECRET not in str(refusal.value)
    assert "KeyError: " not in shown  # a traceback quotes what it was raised with
