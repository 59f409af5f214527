"""Traps 19 and 20: offsets and token indices of the tools, and a kappa that rests on too little."""

import json
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from r1tailor.annotation import gate, label_studio, offsets, prodigy, ratings
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.gate import misses
from r1tailor.annotation.label_studio import formats, full
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Labels, Relation, Span
from r1tailor.schema.annotation import AgreementGate
from tests.annotation import test_agreement, test_prodigy
from tests.external.label_studio import SCHEME
from tests.support.label_studio_cases import DOCUMENT, FEVER, export, region
from tests.traps.shown import shown

GATE = AgreementGate(kappa=0.80, lower_bound=0.67, items=50, resamples=100, confidence=0.95)


# --- 19: what the tools count ------------------------------------------------------------------------------------


def _read(tool: ModuleType, value: object, expected: Expected) -> list[Annotation]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        path.write_text(json.dumps(value), encoding="utf-8")
        found: list[Annotation] = tool.read(path, expected)
        return found


def check_label_studio() -> None:
    """Offsets in UTF-16 units are converted, what covers another text is refused, what is cancelled is empty."""
    expected = Expected({"d1": DOCUMENT}, SCHEME)
    (vote,) = _read(label_studio, export(region("a", 3, 8, "fever", "symptom")), expected)
    assert vote.labels.spans == (Span(2, 7, "symptom"),), "UTF-16 units taken for code points"
    with pytest.raises(DataError, match=r"text\[4:9\] is not value\.text"):
        _read(label_studio, export(region("a", 4, 9, "fever", "symptom")), expected)
    (vote,) = _read(label_studio, export(FEVER, was_cancelled=True), expected)
    assert (vote.cancelled, vote.labels) == (True, Labels()), "a cancelled annotation counts"


def offsets_as_they_stand(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(formats, "fitting", lambda stretch: {"code points": stretch[1:3]})


def offsets_without_a_check(patched: pytest.MonkeyPatch) -> None:
    unchecked = offsets.fitting
    patched.setattr(formats, "fitting", lambda stretch: unchecked(stretch) or {"code points": stretch[1:3]})


def cancelled_like_any_other(patched: pytest.MonkeyPatch) -> None:
    kept = full._annotation

    def annotation(found: Any, *rest: Any) -> Any:  # noqa: ANN401
        return kept(found.model_copy(update={"was_cancelled": False}), *rest)

    patched.setattr(full, "_annotation", annotation)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (offsets_as_they_stand, "UTF-16 units taken for code points"),
        (offsets_without_a_check, "DID NOT RAISE"),
        (cancelled_like_any_other, "a cancelled annotation counts"),
    ],
)
def test_trap_19_a_region_covers_the_text_it_carries(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_label_studio, fault, said)


def check_prodigy() -> None:
    """A relation's head and child are tokens, a span's last token belongs to it, a rejected task says nothing."""
    expected = test_prodigy.EXPECTED
    row = test_prodigy.ROW | {"relations": [{"head": 2, "child": 5, "label": "indicates"}]}
    (vote,) = _read(prodigy, row, expected)
    right = Relation(test_prodigy.FEVER, test_prodigy.FLU, "indicates")
    assert vote.labels.relations == (right,), "a relation leads elsewhere"
    exclusive = [span | {"token_end": span["token_end"] + 1} for span in row["spans"][:1]]
    with pytest.raises(DataError, match=r"tokens 1 to 3 \(inclusive\) cover 2 to 15, not 2 to 12$"):
        _read(prodigy, row | {"spans": exclusive, "relations": []}, expected)


def heads_as_numbers_of_spans(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(prodigy, "_end", lambda number, said, spans, *_: spans[min(number, len(spans) - 1)])


def ends_as_python_counts(patched: pytest.MonkeyPatch) -> None:
    kept = prodigy._span

    def span(found: Any, *rest: Any) -> Span:  # noqa: ANN401
        return kept(found.model_copy(update={"token_end": found.token_end - 1}), *rest)

    patched.setattr(prodigy, "_span", span)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (heads_as_numbers_of_spans, "no relation of the scheme"),
        (ends_as_python_counts, r"cover 2 to 6, not 2 to 12"),
    ],
)
def test_trap_19_token_indices_are_no_spans_and_ends_are_inclusive(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_prodigy, fault, said, DataError)


# --- 20: kappa over few items ------------------------------------------------------------------------------------


def check_gate() -> None:
    """Few documents do not pass, however well people agree; a lucky value with a low bound does not pass either."""
    few = test_agreement._agreements(test_agreement._planted(1.0, 49), test_agreement.ASKED)["topic"]
    assert misses(few, GATE), "49 documents pass"
    lucky = test_agreement._agreements(test_agreement._planted(0.9, 60), test_agreement.ASKED)["topic"]
    assert gate.misses(lucky, GATE.model_copy(update={"lower_bound": 0.99})), "a low bound passes"


def kappa_alone(patched: pytest.MonkeyPatch) -> None:
    patched.setitem(globals(), "misses", lambda found, wanted: found.kappa < wanted.kappa)


def without_the_bound(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(gate, "misses", lambda found, wanted: found.items < wanted.items or found.kappa < wanted.kappa)


@pytest.mark.parametrize(("fault", "said"), [(kappa_alone, "49 documents pass"), (without_the_bound, "a low bound")])
def test_trap_20_the_gate_wants_documents_and_a_bound_beside_kappa(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_gate, fault, said)


def check_missing_cells() -> None:
    """A span that an annotator did not draw is no denial of its relations: the cell is missing."""
    votes = [
        test_agreement._vote("d1", "a", test_agreement.FEVER, test_agreement.FLU, relations=[test_agreement.INDICATES]),
        test_agreement._vote("d1", "b", test_agreement.FLU),
    ]
    found = test_agreement._agreements(votes, SCHEME)["relations"]
    assert (found.units, found.kappa) == (0, None), "what was not seen counts as denied"


def missing_as_denied(patched: pytest.MonkeyPatch) -> None:
    kept = ratings._pairs

    def pairs(document: str, votes: Any, allowed: Any) -> Any:  # noqa: ANN401
        for id_, given in kept(document, votes, allowed):
            yield id_, {vote.annotator: ratings.NOTHING for vote in votes} | given

    patched.setattr(ratings, "_pairs", pairs)


def test_trap_20_missing_cells_stay_missing() -> None:
    shown(check_missing_cells, missing_as_denied, "what was not seen counts as denied")
