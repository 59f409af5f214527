"""``r1tailor <stage>``: one stage of the pipeline, or of a direct run."""

import argparse
import os
from typing import Any

from r1tailor import config
from r1tailor.confidential import confidential
from r1tailor.errors import UserError
from r1tailor.layout import RunFolder, pipeline_folder

_HELP = {
    "inputs": "files that settings name, modules that stages import -> their hashes",
    "collect": "raw material -> documents and provenance",
    "clean": "documents -> clean documents and a report of every change",
    "annotate": "clean documents + annotations -> gold labels; stops where people agree too little",
    "instruct": "gold labels -> train, validation and test examples",
    "teach": "training examples + teacher -> verified texts, distributions; passes through where none is asked",
    "train": "examples + base model -> tuned model",
    "variant": "the same training with other settings, for comparison (evaluation.variants)",
    "evaluate": "base against tuned: metrics with intervals, predictions",
    "register": "everything above -> a version in the registry",
}
_CHOSEN_BY = {"train": "phase", "variant": "name", "compress": "name"}  # stages that DVC has once for each of them


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add a command for each stage, in their order."""
    for name, text in _HELP.items():
        stage = commands.add_parser(name, help=f"stage: {text}")
        if name in ("train", "register"):
            stage.add_argument("folder", nargs="?", help="a direct run (default: what the pipeline wrote)")
        if name == "train":
            stage.add_argument("--phase", help="one phase of the curriculum (default: all, one after the other)")
        if name == "variant":
            stage.add_argument("--name", help="one of evaluation.variants (default: all, one after the other)")
        if name in _CHOSEN_BY:
            stage.add_argument(
                "--dvc-stage", action="store_true", help=f"the {_CHOSEN_BY[name]} that DVC_STAGE={name}@<...> names"
            )
        stage.set_defaults(run=_run, stage=name, folder=None, dvc_stage=False)


def _run(parsed: argparse.Namespace) -> None:
    chosen = {key: getattr(parsed, key) for key in ("phase", "name") if key in parsed}
    run_stage(parsed.stage, parsed.folder, dvc_stage=parsed.dvc_stage, **chosen)


def run_stage(stage: str, folder: str | None = None, *, dvc_stage: bool = False, **chosen: str | None) -> None:
    """Run one stage of the pipeline, or of a direct run.

    Args:
        stage: its name.
        folder: of a direct run; None for what the pipeline wrote.
        dvc_stage: whether DVC runs this process and names the phase, variant or form.
        chosen: the phase, or the name of the variant or form; None for all.
    """
    if folder:
        run = RunFolder((config.ROOT / folder).resolve())
        settings = config.load_params(run.path / "config.yaml")
    else:
        settings = config.load_params()
        run = pipeline_folder(settings)
    named: dict[str, Any] = chosen | (_of_dvc(stage) if dvc_stage else {})
    from r1tailor import stages  # what the stages import is not imported for the other commands

    with confidential(settings, run.path):
        stages.STAGES[stage](settings, run, **named)


def _of_dvc(stage: str) -> dict[str, str]:
    """Return the phase, variant or form in the name of the DVC stage that runs this process.

    The name reaches us in the environment, not in the command: DVC hands a command with its values to a shell.

    Raises:
        UserError: no stage of DVC runs this process, or another one.
    """
    name, at, chosen = os.environ.get("DVC_STAGE", "").rpartition(":")[2].partition("@")
    if name != stage or not at:
        raise UserError(f"--dvc-stage is for dvc.yaml: DVC_STAGE must be {stage}@<{_CHOSEN_BY[stage]}>")
    return {_CHOSEN_BY[stage]: chosen}
