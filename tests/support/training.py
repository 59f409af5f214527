"""One phase trained as the stage trains it, without the stages before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from r1tailor import config
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.training.fit import fit
from r1tailor.training.phase_run import phase_run
from r1tailor.training.resume import finished


def trained(
    settings: Settings,
    parts: Mapping[str, Sequence[Example]],
    folder: Path,
    data: Mapping[str, str] | None = None,
    code: str = "",
) -> dict[str, Any]:
    """Fine-tune in a folder, resume what is there, or find it finished; return the training metrics."""
    run = phase_run(settings, parts, data or {}, config.ROOT, folder, code=code)
    return finished(run) or fit(run)
