"""Diseases of the Chinese medical knowledge graph CMeKG: symptoms, departments, ICD-10 codes and aliases of each.

Format: the pickle ``cmekg.pkl`` of PyCMeKG, a mapping entity -> predicate -> list of objects, all of them text. A
pickle is a program; this one is read by an unpickler that knows no class and no function, so that it can build
mappings, lists and text and nothing else. Only entities with symptoms or departments are read: what is said of drugs
is noisy.
"""

import pickle
from pathlib import Path
from typing import Any, NoReturn

from r1tailor.errors import DataError
from r1tailor.sources.base import Origin, Read

_PREDICATES = {"symptoms": "常见症状", "departments": "就诊科室", "codes": "ICD10", "aliases": "别称"}
_OF_DISEASES = ("常见症状", "就诊科室")


class _PlainUnpickler(pickle.Unpickler):
    """Builds plain values; refuses every class, function and persistent object."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse."""
        raise pickle.UnpicklingError("it names a class or function; plain mappings, lists and text are expected")


def read(origin: Origin, path: Path) -> Read:
    """Yield a document for each disease: ``text`` is its name, ``fields`` its symptoms, departments, codes and aliases.

    An entity whose predicates are no mapping of lists of text is rejected.

    Raises:
        DataError: the file is no pickle of a mapping, or names a class or function.
    """
    for number, (name, predicates) in enumerate(_loaded(origin, path).items(), start=1):
        if not isinstance(name, str) or not name.strip():
            yield origin.rejection(f"entity {number}", "its name is no text")
        elif not isinstance(predicates, dict):
            yield origin.rejection(f"entity {number}", "its predicates are no mapping")
        elif any(predicate in predicates for predicate in _OF_DISEASES):
            fields = {field: predicates.get(predicate, []) for field, predicate in _PREDICATES.items()}
            if all(_is_list_of_text(objects) for objects in fields.values()):
                yield origin.document(f"cmekg-{number}", name, f"entity {number}", fields)
            else:
                yield origin.rejection(f"entity {number}", "a predicate is no list of text")


def _loaded(origin: Origin, path: Path) -> dict[Any, Any]:
    try:
        with path.open("rb") as file:
            graph = _PlainUnpickler(file).load()
    except Exception as error:  # an opcode stream that is damaged can raise anything
        why = str(error) if isinstance(error, pickle.UnpicklingError) else "it is damaged"
        raise DataError(f"{origin.file}: not a pickle that can be read: {why}") from error
    if not isinstance(graph, dict):
        raise DataError(f"{origin.file}: a mapping of entities is expected, found {type(graph).__name__}")
    return graph


def _is_list_of_text(objects: object) -> bool:
    return isinstance(objects, list) and all(isinstance(found, str) for found in objects)
