"""The next round's tasks are documents of the modes, none of which is held out."""

import json
from pathlib import Path

from r1tailor.evaluation.error_modes.features import Described, learn
from r1tailor.evaluation.error_modes.modes import Mode
from r1tailor.evaluation.error_modes.next_round import in_words, write
from r1tailor.records import Document
from r1tailor.schema.annotation import Annotation, OwnScheme, Question

ITEMS = [
    Described(
        f"ward: {'icu' if n % 2 else 'er'}\n{'no ' * (n % 3)}pain", answer="yes" if n % 5 else "no", truncated="no"
    )
    for n in range(30)
]
SCHEME = OwnScheme(
    kind="own",
    spans=(),
    relations=(),
    questions=(Question(name="urgent", values=("yes", "no"), multiple=False, definition="how urgent it is"),),
)
GOLD = {"rules": {"urgent": "majority"}, "disagreement": 0.0}
TIED = {"rules": {"urgent": "undecided"}, "disagreement": 0.5}


def mode(ward: str) -> Mode:
    return Mode({"field ward": ward}, 10, 8, 0.8, 0.2, 0.01, 0.9, ("e1",))


def document(id_: str, text: str, gold: dict[str, object] | None = None) -> Document:
    return Document(id_, text, "notes", "own", "", "", "", {"gold": gold} if gold else {})


def tasks(folder: Path, modes: list[Mode], documents: list[Document], most: int = 9) -> list[tuple[str, str]]:
    own = Annotation.model_construct(scheme=SCHEME, exports=())
    features = learn(ITEMS, [], (), 4)
    made, written = write(folder, own, modes, features, documents, {"held"}, most)
    if not written:
        return []
    assert [path.name for path in written] == ["label_studio.json"]
    found = json.loads(written[0].read_text("utf-8"))
    assert made == len(found)
    return [(one["data"]["document"], one["meta"]["reason"]) for one in found]


def test_documents_of_a_mode_are_chosen_with_their_reason(tmp_path: Path) -> None:
    found = tasks(tmp_path, [mode(ward="icu")], [document("a", "ward: icu\npain"), document("b", "ward: er\npain")])
    assert found == [("a", "field ward = icu: 80% wrong, 20% elsewhere")]


def test_held_out_documents_are_not_annotated(tmp_path: Path) -> None:
    assert tasks(tmp_path, [mode(ward="icu")], [document("held", "ward: icu\npain")]) == []


def test_the_worst_mode_and_documents_without_gold_come_first(tmp_path: Path) -> None:
    documents = [
        document("labelled", "ward: icu\npain", GOLD),
        document("second", "ward: er\nno pain"),
        document("tied", "ward: icu\npain", TIED),
        document("first", "ward: icu\nno pain"),
    ]
    found = [id_ for id_, _ in tasks(tmp_path, [mode(ward="icu"), mode(ward="er")], documents)]
    assert set(found[:2]) == {"first", "tied"}
    assert found[2:] == ["second", "labelled"]
    assert len(tasks(tmp_path, [mode(ward="icu"), mode(ward="er")], documents, most=2)) == 2


def test_conditions_that_no_document_has_are_passed_over(tmp_path: Path) -> None:
    """What class a document has is for the annotators to say."""
    documents = [document("a", "ward: icu\npain")]
    both = Mode({"field ward": "icu", "class": "no"}, 10, 8, 0.8, 0.2, 0.01, 0.9, ())
    assert [id_ for id_, _ in tasks(tmp_path, [both], documents)] == ["a"]
    assert tasks(tmp_path, [Mode({"class": "no"}, 10, 8, 0.8, 0.2, 0.01, 0.9, ())], documents) == []


def test_conditions_are_read_as_a_sentence() -> None:
    assert in_words({"field ward": "icu", "length": "long"}) == "field ward = icu and length = long"
