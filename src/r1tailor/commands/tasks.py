"""``r1tailor tasks``: clean documents -> tasks for annotators."""

import argparse
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import count
from r1tailor.confidential import confidential


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("tasks", help="clean documents -> tasks for annotators")
    parser.add_argument("--limit", type=count, default=200, help="documents, from the first on (default: 200)")
    parser.add_argument("--folder", default="outputs/tasks", help="where to write (default: outputs/tasks)")
    parser.set_defaults(run=_tasks)


def _tasks(parsed: argparse.Namespace) -> None:
    from r1tailor import stages

    settings, folder = config.load_params(), config.ROOT / parsed.folder
    with confidential(settings, folder):
        written = stages.annotation_tasks(settings, parsed.limit, folder)
    print("\n".join(str(path) for path in written))
