"""The Chinese medical knowledge graph CMeKG: a document for each disease, or for each drug, with what it says of it.

Format: the pickle ``cmekg.pkl`` of PyCMeKG, a mapping entity -> predicate -> list of objects, all of them text. A
pickle is a program; this one is read by an unpickler that knows no class and no function, so that it can build
mappings, lists and text and nothing else. An entity with symptoms or departments is a disease, one with indications
a drug. What the graph says of drugs is noisy (see the page of the medication domain).
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.sources.base import Origin, Read

_DISEASE = {"symptoms": "常见症状", "departments": "就诊科室", "codes": "ICD10", "aliases": "别称"}
_DRUG = {"indications": "适应症", "contraindications": "禁忌", "generic_names": "通用名", "classes": "分类"}
_TREATED = {"symptoms": "常见症状", "treatments": "治疗", "drugs": "药物治疗", "operations": "手术治疗"}
_NO_DISEASE = re.compile("R|$")  # codes of symptoms and signs; no code at all
_VAGUE = (
    "皮肤病",
    "神经病",
    "心脏病",
    "癌症",
    "性病",
    "肌病",
    "动脉硬化",
    "炎",
    "药物过敏",
)  # too wide for one drug to be right


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
    return _entities(origin, _loaded(origin, path), _DISEASE, ("常见症状", "就诊科室"))


def read_drugs(origin: Origin, path: Path) -> Read:
    """Yield a document for each drug: ``fields`` are its indications, contraindications, generic names and classes.

    ``diseases`` are those of its indications that the graph knows as diseases with an ICD-10 code, other than symptoms
    (R00-R99) and names too wide to treat: the others are organisms and fragments of sentences. Rejects and raises as
    ``read`` does.
    """
    graph = _loaded(origin, path)
    diseases = {name for name, said in graph.items() if isinstance(said, dict) and _is_disease(name, said)}
    for found in _entities(origin, graph, _DRUG, ("适应症",)):
        if isinstance(found, Document):
            known = [name for name in found.fields["indications"] if name in diseases]
            found = replace(found, fields={**found.fields, "diseases": known})
        yield found


def _entities(origin: Origin, graph: Mapping[Any, Any], wanted: Mapping[str, str], marks: Sequence[str]) -> Read:
    """Yield the entities that have one of the predicates ``marks``, with the wanted ones as fields."""
    for number, (name, predicates) in enumerate(graph.items(), start=1):
        if not isinstance(name, str) or not name.strip():
            yield origin.rejection(f"entity {number}", "its name is no text")
        elif not isinstance(predicates, dict):
            yield origin.rejection(f"entity {number}", "its predicates are no mapping")
        elif any(mark in predicates for mark in marks):
            fields = {field: predicates.get(predicate, []) for field, predicate in wanted.items()}
            if all(_is_list_of_text(objects) for objects in fields.values()):
                yield origin.document(f"cmekg-{number}", name, f"entity {number}", fields)
            else:
                yield origin.rejection(f"entity {number}", "a predicate is no list of text")


def read_treatments(origin: Origin, path: Path) -> Read:
    """Yield a document for each disease with symptoms and treatments: ``fields`` are these. Raises as ``read`` does."""
    for found in _entities(origin, _loaded(origin, path), _TREATED, tuple(_TREATED.values())):
        if isinstance(found, Document):
            fields = found.fields
            treatments = [one for name in ("treatments", "drugs", "operations") for one in fields[name]]
            if fields["symptoms"] and treatments:
                yield replace(found, fields={"symptoms": fields["symptoms"], "treatments": treatments})
        else:
            yield found


def _is_disease(name: Any, said: Mapping[Any, Any]) -> bool:  # noqa: ANN401 - whatever the pickle holds
    codes = said.get("ICD10", [])
    coded = _is_list_of_text(codes) and any(not _NO_DISEASE.match(code.strip()) for code in codes)
    return coded and name not in _VAGUE


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
