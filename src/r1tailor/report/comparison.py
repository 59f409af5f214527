"""A comparison of two subjects for people: a table in the terminal, one self-contained HTML page."""

import math
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.evaluation.compare_versions import Compared, Evaluated, Row
from r1tailor.report.headline import BAD, GOOD, UNSURE, difference, p_value, picture, tone
from r1tailor.report.page import environment
from r1tailor.report.texts import Language, Texts

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


def write_page(found: Compared, file: Path, language: Language = "en") -> None:
    """Write the page; it needs no network and no other file.

    Raises:
        UserError: the file cannot be written.
    """
    t = Texts(language)
    subjects = [("A", named(found.a), found.a), ("B", named(found.b), found.b)]
    contents = [("verdict", t("Verdict")), ("metrics", t("Metrics")), ("goals", t("Goals"))]
    page = (
        environment(t)
        .get_template("comparison.html.j2")
        .render(
            found=found,
            subjects=subjects,
            verdict=_verdict(found, t),
            rows=[(row, *_pictured(row, t)) for row in found.rows],
            paired=t.of(paired(found)),
            contents=[*contents, ("settings", t("Settings that differ"))],
        )
    )
    try:
        store.write_text(file, page)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from error


def _verdict(found: Compared, t: Texts) -> tuple[str, str]:
    """Return tone and sentence of how B compares with A."""
    tones = Counter(tone(row.metric, row.difference) for row in found.rows if row.difference)
    if not tones:
        return UNSURE, t("No metric is paired")
    counts = {"better": tones[GOOD], "worse": tones[BAD], "rest": tones[UNSURE], "n": tones.total()}
    said = t("better in {better}, worse in {worse}, not decided in {rest} of {n} paired metrics", **counts)
    return BAD if tones[BAD] else GOOD if tones[GOOD] else UNSURE, said


def _pictured(row: Row, t: Texts) -> tuple[str, str, str]:
    """Return difference, picture and p of a metric; empty where it is not paired."""
    if row.difference is None:
        return "", "", ""
    return difference(row.difference), picture(row.metric, row.difference, t), p_value(row.difference["p"])


def named(one: Evaluated) -> str:
    """Return how a subject is shown, with what its name was taken to mean."""
    return f"{one.files.name} ({one.files.meaning})" if one.files.meaning else one.files.name


def paired(found: Compared) -> str:
    """Return on which items the metrics are paired, or why they are not."""
    on = f"paired on {found.items} held-out items that both answered; intervals {found.confidence:.0%}"
    return "; ".join(part for part in (on if found.items else "", found.why_not) if part)


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of one metric; empty where it was not measured or is not paired."""
    compared = row.difference if row.difference and row.difference["difference"] is not None else None
    return (
        row.metric,
        *("" if value is None or math.isnan(value) else f"{value:.3f}" for value in (row.a, row.b)),
        f"{compared['difference']:+.3f} [{compared['low']:+.3f}, {compared['high']:+.3f}]" if compared else "",
        f"{compared['p']:.2g}" if compared else "",
        "" if row.n is None else str(row.n),
    )
