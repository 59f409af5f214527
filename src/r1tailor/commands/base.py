"""``r1tailor base``: the very base model that a tuned one belongs to, as a folder for plain transformers and peft."""

import argparse
import sys
from typing import Any

from r1tailor import artifact, config
from r1tailor.errors import CheckpointError
from r1tailor.inference import locate


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("base", help="print the folder of the base model that a tuned model belongs to")
    parser.add_argument("model", help="a domain, a version, or the folder of a run or a model")
    parser.set_defaults(run=_print_folder)


def _print_folder(parsed: argparse.Namespace) -> None:
    found = locate(parsed.model, config.ROOT)
    saved, settings = artifact.read(found.model), found.settings
    from r1tailor.model.origin import base_folder, base_of

    wanted = settings.model, config.ROOT, settings.seed
    folder, here = base_folder(*wanted), base_of(*wanted)
    if here.sha256 != saved.base.sha256:
        raise CheckpointError(f"{found.model} was trained on {saved.base}; the base model here is {here}")
    print(f"{found.model}: {saved.kind} of {saved.base}", file=sys.stderr)
    print(folder)
