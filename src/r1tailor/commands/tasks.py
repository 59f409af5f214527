"""``r1tailor tasks``: clean documents -> tasks for annotators."""

import argparse
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import count


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("tasks", help="clean documents -> tasks for annotators")
    parser.add_argument("--limit", type=count, default=200, help="documents, from the first on (default: 200)")
    parser.add_argument("--folder", default="outputs/tasks", help="where to write (default: outputs/tasks)")
    parser.set_defaults(run=_tasks)


def _tasks(parsed: argparse.Namespace) -> None:
    from r1tailor import stages

    written = stages.annotation_tasks(config.load_params(), parsed.limit, config.ROOT / parsed.folder)
    print("\n".join(str(path) for path in written))
