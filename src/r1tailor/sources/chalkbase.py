"""ChalkBase, a knowledge base of Chinese primary-school mathematics: worked problems, and what a grade has learnt.

Format: ``archetypes.json`` (kinds of problems, each with a few rewritten examples, their solutions and the value of the
answer) and ``boundaries.json`` (which lesson introduces which numbers; a lesson's id begins with its grade: ``g4a``).
"""

import json
import re
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.sources.base import Origin, Read

_LESSON = re.compile(r"g([1-6])[ab]\.")
_TEXTS = ("problem", "answer", "solution")
_PLAIN = (str, int, float, bool)


def read(origin: Origin, path: Path) -> Read:
    """Yield a document for each rewritten example: ``text`` is the problem, ``fields`` hold solution and answer.

    ``grade`` is the last grade (1 to 6) whose textbooks hold such a problem; ``values`` is what the answer amounts to.
    An example without problem, answer, solution or grade is rejected.

    Raises:
        DataError: the file is no list of archetypes.
    """
    archetypes = _json(origin, path)
    if not isinstance(archetypes, list) or not archetypes:
        raise DataError(f"{origin.file}: a list of archetypes is expected")
    for number, archetype in enumerate(archetypes, start=1):
        try:
            grade = max(archetype["parameter_constraints"]["observed"]["grades"])
            kept = {"archetype": str(archetype["id"]), "difficulty": int(archetype["difficulty"]), "grade": int(grade)}
            examples = list(archetype["rewritten_examples"])
        except (KeyError, TypeError, ValueError) as error:
            missing = error.args[0] if isinstance(error, KeyError) else "a value of the archetype"
            yield origin.rejection(f"archetype {number}", f"{missing} is missing or of another kind")
            continue
        yield from _examples(origin, f"archetype {number}", kept, examples)


def _examples(origin: Origin, position: str, kept: dict[str, Any], examples: list[Any]) -> Read:
    for number, example in enumerate(examples, start=1):
        place = f"{position}, example {number}"
        if not isinstance(example, dict) or not all(_is_text(example.get(key)) for key in _TEXTS):
            yield origin.rejection(place, f"{', '.join(_TEXTS)} must be text")
            continue
        fields = {"answer": example["answer"], "solution": example["solution"], **kept}
        fields["values"] = _values(example.get("answer_value"))
        yield origin.document(f"{kept['archetype']}-{number}", example["problem"], place, fields)


def read_limits(origin: Origin, path: Path) -> Read:
    """Yield a document for each number range a lesson introduces: ``fields`` hold kind, grade and the largest value.

    The kinds are ``integer`` (largest integer), ``decimal`` (most decimal places) and ``fraction`` (no value: 0).

    Raises:
        DataError: the file does not say when numbers are introduced.
    """
    content = _json(origin, path)
    try:
        introduced = content["introduced_at"]
        found = [("integer", lesson, limit) for lesson, limit in introduced["integer_domain"]]
        found += [("decimal", lesson, limit) for lesson, limit in introduced["decimal_places"]]
        found += [("fraction", lesson, 0) for lesson in introduced["fraction_types"].values()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        wanted = "integer_domain, decimal_places and fraction_types"
        raise DataError(f"{origin.file}: introduced_at does not list {wanted}") from error
    for number, (kind, lesson, limit) in enumerate(found, start=1):
        grade = _LESSON.match(str(lesson))
        if grade is None or not isinstance(limit, int):
            yield origin.rejection(f"limit {number}", "a lesson such as g4a.u1.l01 and a whole number are expected")
            continue
        fields = {"limit": kind, "grade": int(grade.group(1)), "largest": limit}
        yield origin.document(f"limit-{number}", f"{kind} {limit}", str(lesson), fields)


def _json(origin: Origin, path: Path) -> Any:  # noqa: ANN401
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{origin.file}: not JSON in UTF-8") from error


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _values(answer: object) -> list[str]:
    """Return the values of an answer as text (numbers, words); empty where it is no value or list of values."""
    listed = answer if isinstance(answer, list) else [answer]
    return [str(value) for value in listed] if all(isinstance(value, _PLAIN) for value in listed) else []
