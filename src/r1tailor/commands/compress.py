"""``r1tailor compress``: a tuned model in another form, or the forms that the pipeline's composition asks for."""

import argparse
from pathlib import Path
from typing import Any, get_args

from r1tailor import config
from r1tailor.commands.stage import run_stage
from r1tailor.errors import UserError
from r1tailor.schema.compression import Form

_FORMS = get_args(Form)


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("compress", help="a tuned model in another form: merged, GGUF, int8")
    parser.add_argument(
        "model",
        nargs="?",
        help="a domain, a version, or the folder of a run or a model (default: "
        "the stage, for what the pipeline trained)",
    )
    parser.add_argument("--to", choices=_FORMS, metavar="FORM", help=f"one of {', '.join(_FORMS)}")
    parser.add_argument("--out", type=Path, help="where to write it (default: next to the model, where it is found)")
    parser.add_argument("--evaluate", action="store_true", help="compare it with its parent on the held-out items")
    parser.add_argument("--name", help="of the stage: one of compression.forms (default: all)")
    parser.add_argument("--dvc-stage", action="store_true", help="the form that DVC_STAGE=compress@<...> names")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    if parsed.model is None:
        if parsed.to or parsed.out or parsed.evaluate:
            raise UserError("compress: --to, --out and --evaluate are for a MODEL; name one")
        run_stage("compress", dvc_stage=parsed.dvc_stage, name=parsed.name)
        return
    if parsed.to is None or parsed.name or parsed.dvc_stage:
        raise UserError(f"compress {parsed.model}: --to is missing; one of {', '.join(_FORMS)}")
    from r1tailor.inference.locate import FORM, locate

    found = locate(parsed.model, config.ROOT)
    if found.parent:
        raise UserError(f"{found.name} is a form already; name the model that it was made of")
    if parsed.out:
        from r1tailor.sources.permissions import refuse_passing_on

        refuse_passing_on(found.name, found.settings.domain.sources, "leave --out: the form then stays with the model")
    print(f"compressing {found.name}{f': {found.meaning}' if found.meaning else ''}", flush=True)
    from r1tailor.compression.forms import make, summary  # torch is imported only once the model is known

    folder = parsed.out.resolve() if parsed.out else found.forms / parsed.to
    print(summary(parsed.to, make(parsed.to, found.model, found.settings, config.ROOT, folder)))
    if parsed.evaluate:
        from r1tailor.compression.judge import judge

        print(judge(parsed.to, found, folder, config.ROOT))
    shown = folder.relative_to(config.ROOT) if folder.is_relative_to(config.ROOT) else folder
    print(f"{shown.as_posix()}" + ("" if parsed.out else f": r1tailor ask {found.name}{FORM}{parsed.to}"))
