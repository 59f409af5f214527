"""Questions with verified answers from the generators of reasoning-gym: nothing lies below ``data/``, all is generated.

A generator is a function of its seed, its level and the version of the package, so the version is pinned and checked.
Every answer is put to the generator's own ``score_answer``; one that does not score 1 is rejected.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from r1tailor.errors import DataError
from r1tailor.schema.sources import GeneratedSource, GeneratedTask
from r1tailor.sources.base import Origin, Read

_PACKAGE = "reasoning-gym"


def read(source: GeneratedSource) -> Read:
    """Yield a document for each question, level by level: ``fields`` hold answer, task, level and metadata.

    The hash of the origin is that of all questions and answers.

    Raises:
        DataError: another version of the package is installed, or it has no such task or level.
    """
    try:
        installed = version(_PACKAGE)
    except PackageNotFoundError:
        raise DataError(f'{_PACKAGE} is not installed: pip install "r1-tailor[education]"') from None
    if installed != source.version:
        raise DataError(
            f"{_PACKAGE} {installed} is installed and generates other questions than the pinned {source.version} "
            f"(domain.sources, name: {source.name})"
        )
    entries = [entry for task in source.tasks for entry in _task(source, task)]
    content = json.dumps(entries, ensure_ascii=False, sort_keys=True)
    origin = Origin(source, f"{_PACKAGE} {installed}", hashlib.sha256(content.encode()).hexdigest())
    for entry in entries:
        position = f"{entry['task']}, level {entry['level']}, number {entry['number']}"
        if not entry.pop("verified"):
            yield origin.rejection(position, "its own answer is not verified")
            continue
        id_ = f"{entry['task']}-{entry['level']}-{entry.pop('number')}"
        yield origin.document(id_, entry.pop("question").strip(), position, entry)


def _task(source: GeneratedSource, task: GeneratedTask) -> Iterator[dict[str, Any]]:
    """Yield the entries of one task, those of each level from a seed of its own."""
    for level in task.levels:
        dataset = _dataset(source, task, level)
        for number in range(task.size):
            entry = dataset[number]
            metadata = json.loads(json.dumps(entry["metadata"], default=str))  # what JSON gives back is what is stored
            yield {
                "task": task.name,
                "level": level,
                "number": number,
                "question": entry["question"],
                "answer": entry["answer"],
                "metadata": metadata,
                "verified": dataset.score_answer(entry["answer"], entry) == 1.0,
            }


def gym() -> Any:  # noqa: ANN401
    """Return the package reasoning_gym, imported.

    It imports pycosat for puzzles that no source here asks for. Where that is missing (it has no wheel) an empty module
    stands in.
    """
    if "pycosat" not in sys.modules and find_spec("pycosat") is None:
        sys.modules["pycosat"] = ModuleType("pycosat")
    import reasoning_gym  # a second, and only if it is used

    return reasoning_gym


def _dataset(source: GeneratedSource, task: GeneratedTask, level: int) -> Any:  # noqa: ANN401
    factory = gym().factory
    if task.name not in factory.DATASETS:
        raise DataError(f"{_PACKAGE} {source.version} has no task {task.name} (domain.sources, name: {source.name})")
    make, configuration = factory.DATASETS[task.name]
    # Entry i of a generator is drawn from seed + i, so that levels need seeds that are far apart.
    given = {"seed": source.seed * 1_000_003 + level * task.size, "size": task.size}
    if not factory.has_curriculum(task.name):
        if level:
            raise DataError(f"{task.name} has no levels but 0 (domain.sources, name: {source.name})")
        return make(configuration(**given))
    curriculum = factory.create_curriculum(task.name)
    highest = max(len(attribute.levels) for attribute in curriculum.attributes.values()) - 1
    if level > highest:
        raise DataError(f"{task.name} has the levels 0 to {highest}, not {level} (domain.sources, name: {source.name})")
    curriculum.set_global_level(level)
    return make(curriculum.generate_configuration(given))
