"""``r1tailor report``: the page of a finished run, in either language; the whole table of its metrics."""

import argparse
from typing import Any

from r1tailor import config, store
from r1tailor.commands.stage import run_stage
from r1tailor.confidential import confidential
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.schema.report import Report
from r1tailor.schema.settings import Settings


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("report", help="stage: everything above -> one page, and the headline figures")
    parser.add_argument("folder", nargs="?", help="a direct run (default: what the pipeline wrote)")
    parser.add_argument("--language", choices=("en", "zh"), help="also write report-<language>.html next to the page")
    parser.add_argument("--wide", action="store_true", help="print every model, plain baseline and interval")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    run_stage("report", parsed.folder)
    settings, run = _opened(parsed.folder)
    print(f"report: {run.evaluation / 'report.html'}")
    if parsed.language:
        _in(parsed.language, settings, run)
    if parsed.wide:
        _print(settings, run)


def _opened(folder: str | None) -> tuple[Settings, RunFolder]:
    """Return a direct run with its own composition, or the pipeline's."""
    if folder:
        run = RunFolder((config.ROOT / folder).resolve())
        return config.load_params(run.path / "config.yaml"), run
    settings = config.load_params()
    return settings, pipeline_folder(settings)


def _in(language: Any, settings: Settings, run: RunFolder) -> None:  # noqa: ANN401 - one of the choices
    from r1tailor.report import finished
    from r1tailor.report.page import page
    from r1tailor.stages.code import code_version

    wanted = settings.model_copy(update={"report": Report(language=language)})
    file = run.evaluation / f"report-{language}.html"
    with confidential(settings, run.path):
        store.write_text(file, page(finished.read(wanted, run, code_version())))
    print(f"report: {file}")


def _print(settings: Settings, run: RunFolder) -> None:
    from r1tailor.evaluation.table import print_table
    from r1tailor.report import finished

    found = finished.read(settings, run, "")
    print_table(settings, found.metrics, found.goals, wide=True)
