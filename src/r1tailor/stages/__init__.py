"""One function for each stage of ``dvc.yaml``, in the same order: from raw material to a version.

::

    material   inputs, collect, clean, annotate, instruct: raw material -> examples
    models     teach, train, variant, compress: examples -> models
    evidence   evaluate, redteam, report: models -> what they can do
    version    register: everything before -> a version

The pipeline writes below ``outputs/<domain>``, a direct run below a folder of its own; the functions are the
same. torch is imported by the stages that need it, when they run.
"""

from collections.abc import Callable
from typing import Any

from r1tailor.stages.evidence import evaluate, redteam, report
from r1tailor.stages.material import (
    annotate,
    annotation_tasks,
    check,
    clean,
    collect,
    inputs,
    instruct,
    refuse_early,
)
from r1tailor.stages.models import chosen_variants, compress, teach, train, variant
from r1tailor.stages.version import register

__all__ = [
    "STAGES",
    "annotate",
    "annotation_tasks",
    "check",
    "chosen_variants",
    "clean",
    "collect",
    "compress",
    "evaluate",
    "inputs",
    "instruct",
    "redteam",
    "refuse_early",
    "register",
    "report",
    "teach",
    "train",
    "variant",
]

STAGES: dict[str, Callable[..., Any]] = {
    stage.__name__: stage
    for stage in (
        *(inputs, collect, clean, annotate, instruct, teach),
        *(train, variant, compress, evaluate, redteam, report, register),
    )
}
