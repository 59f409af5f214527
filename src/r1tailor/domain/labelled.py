"""Gold labels become a reference answer in words.

Answers to questions come first, then a line for each span (``symptom: chest pain``), then one for each relation
(``aspirin treats chest pain``). The surfaces of the spans are the entities that an answer must mention.
"""

from collections.abc import Iterator
from typing import Any

from r1tailor.records import Document

NOTHING = "none"


def labelled(document: Document) -> dict[str, Any]:
    """Return ``output`` and ``entities`` from gold labels; nothing if a document has none, or some are undecided.

    Where several people voted, ``disagreement`` is how often two of them differed: a measure of difficulty.
    """
    gold = document.fields.get("gold")
    if gold is None or "undecided" in gold["rules"].values():
        return {}
    entities = list(dict.fromkeys(_surface(document, span) for span in gold["spans"]))
    said: dict[str, Any] = {"output": "\n".join(_lines(document, gold)) or NOTHING, "entities": entities}
    return said if gold.get("disagreement") is None else said | {"disagreement": gold["disagreement"]}


def _lines(document: Document, gold: dict[str, Any]) -> Iterator[str]:
    answers = {question: ", ".join(values) for question, values in gold["answers"].items() if values}
    for question, answer in answers.items():
        yield answer if len(answers) == 1 else f"{question}: {answer}"
    for span in gold["spans"]:
        yield f"{span['label']}: {_surface(document, span)}"
    for relation in gold["relations"]:
        head, tail = _surface(document, relation["head"]), _surface(document, relation["tail"])
        yield f"{head} {relation['label']} {tail}"


def _surface(document: Document, span: dict[str, Any]) -> str:
    return document.text[span["start"] : span["end"]]
