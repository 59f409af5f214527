"""``r1tailor propose``: look at somebody's file, write a domain for it, and say what was decided and why."""

import argparse
from typing import Any

from r1tailor.proposal.wishes import PRESETS, WAYS, Wishes


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("propose", help="look at a file, folder or database and write a domain for it")
    parser.add_argument("place", help="CSV, TSV, XLSX, JSON, JSONL, Parquet, DOCX, PDF, TXT, XML, a folder, a URL")
    parser.add_argument("--yes", action="store_true", help="take what is proposed; ask nothing")
    parser.add_argument("--name", default="", help="of the domain (default: from the file)")
    parser.add_argument("--language", choices=("en", "zh"), default="", help="of the answers and of what is said")
    parser.add_argument("--input", default="", help="columns of the question, divided by commas")
    parser.add_argument("--output", default="", help="column of the answer")
    parser.add_argument("--group", default="", help="column of what stays together: a patient, a case")
    parser.add_argument("--instruction", default="", help="what the model is asked")
    parser.add_argument("--preset", choices=PRESETS, default="", help="regulation that the data is under")
    parser.add_argument("--way", choices=WAYS, default="", help="for documents without answers")
    parser.add_argument("--users", default="", help="who uses the model, and for what")
    parser.add_argument("--query", default="", help="of a database, the SELECT statement")
    parser.set_defaults(run=_propose)


def _propose(parsed: argparse.Namespace) -> None:
    from r1tailor.commands.proposing import propose  # it imports the stages

    wishes = Wishes(
        name=parsed.name,
        language=parsed.language,
        input=tuple(name.strip() for name in parsed.input.split(",") if name.strip()),
        output=parsed.output,
        group=parsed.group,
        instruction=parsed.instruction,
        preset=parsed.preset,
        way=parsed.way,
        users=parsed.users,
    )
    propose(parsed.place, wishes, parsed.query, silent=parsed.yes)
