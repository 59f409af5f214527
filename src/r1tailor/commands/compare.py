"""``r1tailor compare A B``: two versions, runs or domains, paired on the same held-out items."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.evaluation.evaluated_files import EvaluatedFiles, find
from r1tailor.registry import Registry, open_registry

_SUBJECT = "a version (medical-3, latest, current), a domain, or the folder of a run (outputs/runs/<name>)"


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("compare", help="two versions or runs: settings that differ, metrics paired, goals")
    parser.add_argument("a", metavar="A", help=_SUBJECT)
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write one self-contained HTML page")
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the page (default: en)")
    parser.add_argument("--json", action="store_true", help="for scripts: JSON on stdout")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Compare B with A.

    Raises:
        UserError: a name means nothing; both are reported at once.
    """
    registry = open_registry(config.ROOT)
    for note in registry.notes:
        print(f"registry: {note}", file=sys.stderr)
    first, second = _found([parsed.a, parsed.b], registry)
    from r1tailor.evaluation.compare_versions import as_json, compared, evaluated
    from r1tailor.report.comparison import print_comparison, write_page

    comparison = compared(evaluated(first), evaluated(second))
    if parsed.report:
        write_page(comparison, parsed.report, parsed.language)
    if parsed.json:
        print(json.dumps(as_json(comparison), indent=2))
        return
    print_comparison(comparison)
    if parsed.report:
        print(f"report: {parsed.report}")


def _found(names: list[str], registry: Registry) -> list[EvaluatedFiles]:
    """Return the files of each name, or every fault in one error."""
    found, faults = [], []
    for name in dict.fromkeys(names):
        try:
            found.append(find(name, registry, config.ROOT))
        except UserError as error:
            faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))
    return found if len(found) == len(names) else found * 2
