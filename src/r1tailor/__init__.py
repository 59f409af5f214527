"""R1 Tailor: DeepSeek R1, cut to your domain.

>>> import r1tailor                                                 # doctest: +SKIP
>>> model = r1tailor.load("outputs/registry/medical/current")       # doctest: +SKIP
>>> model.answer("Sudden chest pain")                               # doctest: +SKIP

A module imports only from the layers above it; ``pyproject.toml`` lists them, in the order of the pipeline.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from r1tailor.inference.tailored import Tailored

__version__ = "0.1.0"
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it where it is installed; it asks for kernels


def load(what: str | Path) -> "Tailored":
    """Return a tuned model, ready to be asked. torch is imported here, not with the package.

    Args:
        what: the folder of a model, a version or a run; a version (``medical-3``); or a domain, which means its
            promoted version, else its newest registered one, else its newest finished run.

    Raises:
        UserError: there is no such model, it is damaged, or its base model cannot be had.
    """
    from r1tailor.inference.tailored import load as load_tailored

    return load_tailored(what)
