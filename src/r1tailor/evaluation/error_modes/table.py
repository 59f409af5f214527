"""Error modes and attributions for the terminal, within 80 columns."""

from rich.console import Console
from rich.table import Table

from r1tailor.evaluation.error_modes.attribution import Attribution
from r1tailor.evaluation.error_modes.next_round import in_words
from r1tailor.evaluation.error_modes.run import Findings

_WIDTH = 80
_SHOWN = 5  # attributions


def print_findings(found: Findings, console: Console | None = None) -> None:
    """Print how many items are wrong, the modes with examples, the first attributions, and what was left out."""
    console = console or Console(width=_WIDTH, highlight=False, markup=False, emoji=False)
    head, kinds = found.head, ", ".join(f"{kind} {count}" for kind, count in found.head["kinds"].items())
    console.print(f"{head['name']}: {head['n']} held-out items by {head['metric']}: {kinds}")
    if found.tested:
        console.print(_modes(found))
        for mode in found.shown:
            console.print(f"{in_words(mode.where)}: wrong are {', '.join(mode.examples)}")
    if not found.shown:
        console.print("no error mode is shown")
    for one in found.attributions[:_SHOWN]:
        console.print(_attribution(one))
    if found.attributions:
        each = found.seconds / len(found.attributions)
        console.print(f"explained: {len(found.attributions)} items in {found.seconds:.1f} s, {each:.2f} s an item")
    for reason, count in found.left_out.items():
        console.print(f"not explained: {count}: {reason}")
    for note in found.notes:
        console.print(f"note: {note}")


def _modes(found: Findings) -> Table:
    halves = found.head["halves"]
    title = f"Found on {halves['found_on']} items, tested on {halves['tested_on']} others (Holm)"
    table = Table("where", "n", "wrong", "elsewhere", "p", "shown", title=title)
    shown = found.shown
    for mode in found.tested:
        rates = f"{mode.rate:.3f}", f"{mode.rate_elsewhere:.3f}", f"{mode.p_holm:.2g}"
        table.add_row(in_words(mode.where), str(mode.n), *rates, "yes" if mode in shown else "no")
    return table


def _attribution(one: Attribution) -> str:
    """Return the segments that speak most for the wrong answer."""
    worst = sorted((segment for segment in one.segments if segment.value < 0), key=lambda segment: segment.value)[:3]
    parts = "; ".join(f"{_short(segment.text)!r} {segment.value:+.2f}" for segment in worst) or "no segment"
    return f"{one.id} ({one.kind}): {_short(one.given)!r} for {_short(one.right)!r}: {parts}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
