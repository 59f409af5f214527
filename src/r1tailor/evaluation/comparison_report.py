"""A comparison of two subjects for people: a table in the terminal, one self-contained HTML page."""

import math
from pathlib import Path

from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.table import Table

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.evaluation.compare_versions import Compared, Evaluated, Row

HEADER = ("metric", "A", "B", "B - A", "p", "n")


def print_comparison(found: Compared) -> None:
    """Print the subjects, the metrics, the goals and the settings that differ."""
    for letter, one in (("A", found.a), ("B", found.b)):
        print(f"{letter}: {named(one)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in HEADER:
        table.add_column(column, overflow="fold")
    for row in found.rows:
        table.add_row(*cells(row))
    Console(markup=False, emoji=False).print(table)
    print(paired(found))
    for letter, one in (("A", found.a), ("B", found.b)):
        for verdict in one.goals:
            print(f"goal of {letter}: {verdict}")
    print(f"settings that differ: {len(found.settings) or 'none'}")
    for key, a, b in found.settings:
        print(f"  {key}: {a} -> {b}")


def write_page(found: Compared, file: Path) -> None:
    """Write the page; it needs no network and no other file.

    Raises:
        UserError: the file cannot be written.
    """
    environment = Environment(loader=PackageLoader("r1tailor", "evaluation"), autoescape=True)
    page = environment.get_template("comparison.html.j2").render(
        found=found,
        header=HEADER,
        rows=[cells(row) for row in found.rows],
        paired=paired(found),
        subjects=[("A", named(found.a), found.a), ("B", named(found.b), found.b)],
    )
    try:
        store.write_text(file, page)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from error


def named(one: Evaluated) -> str:
    """Return how a subject is shown, with what its name was taken to mean."""
    return f"{one.files.name} ({one.files.meaning})" if one.files.meaning else one.files.name


def paired(found: Compared) -> str:
    """Return on which items the metrics are paired, or why they are not."""
    on = f"paired on {found.items} held-out items that both answered; intervals {found.confidence:.0%}"
    return "; ".join(part for part in (on if found.items else "", found.why_not) if part)


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of one metric; empty where it was not measured or is not paired."""
    difference = row.difference if row.difference and row.difference["difference"] is not None else None
    return (
        row.metric,
        *("" if value is None or math.isnan(value) else f"{value:.3f}" for value in (row.a, row.b)),
        f"{difference['difference']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]" if difference else "",
        f"{difference['p']:.2g}" if difference else "",
        "" if row.n is None else str(row.n),
    )
