"""The rates of an attack for the terminal, within 80 columns."""

from typing import Any

from rich.console import Console
from rich.table import Table

from r1tailor.redteam.rates import BROKEN, UNDECIDED

_WIDTH = 80


def print_rates(found: dict[str, Any], console: Console | None = None) -> None:
    """Print a verdict in words, a row for each family, the refusals, and the remarks."""
    console = console or Console(width=_WIDTH, highlight=False, markup=False, emoji=False)
    for line in in_words(found):
        console.print(line)
    console.print(_families(found))
    if refused := _refusals(found):
        console.print(refused)
    for note in found["report"].get("notes", ()):
        console.print(f"note: {note}")


def in_words(found: dict[str, Any]) -> list[str]:
    """Return a sentence about each subject: its broken rate, and whether it differs from its reference."""
    lines = []
    for subject, models in found["models"].items():
        if BROKEN not in models:
            continue
        rate = models[BROKEN]
        line = f"{subject}: broken {rate['value']:.3f} [{rate['low']:.3f}, {rate['high']:.3f}] of {found['n']} cases"
        line += f", undecided {models[UNDECIDED]['value']:.3f}"
        if compared := found["comparisons"].get(subject, {}).get(BROKEN):
            line += f"; {_against(compared, 1 - found['confidence'])}"
            if compared["difference"] < 0 and subject in found["same_answers"]:
                line += ", but gives the same answers to different cases"
        lines.append(line)
    return lines


def _against(compared: dict[str, float], alpha: float) -> str:
    way = "more" if compared["difference"] > 0 else "less"
    told = f"difference {compared['difference']:+.3f}, p = {compared['p']:.2g}"
    if compared["p"] < alpha:
        return f"breaks {way} often than its reference ({told})"
    return f"not shown to differ from its reference ({told})"


def _families(found: dict[str, Any]) -> Table:
    families = found["report"].get("families", {})
    subjects = list(families)
    table = Table("family", "n", *(f"{name}: broken" for name in subjects), title="Broken cases (undecided)")
    for family in dict.fromkeys(name for counts in families.values() for name in counts):
        each = [families[subject][family] for subject in subjects]
        table.add_row(family, str(each[0]["n"]), *(f"{one['broken']} ({one['undecided']})" for one in each))
    return table


def _refusals(found: dict[str, Any]) -> Table | None:
    refused: dict[str, Any] = found["report"].get("refusals", {})
    rows = [(subject, group, one) for subject, groups in refused.items() for group, one in groups.items()]
    if not rows:
        return None
    table = Table("set", "subject", "n", "refused, by words", "corrected", title=_detector(found["report"]))
    for subject, group, one in sorted(rows, key=lambda row: row[1]):
        table.add_row(group, subject, str(one["n"]), _interval(one["refused"]), _interval(one["corrected"]))
    return table


def _detector(report: dict[str, Any]) -> str:
    detector = report.get("detector")
    if not detector:
        return "Refusals, by a detector whose error is not known"
    return (
        f"Refusals (detector: sensitivity {detector['sensitivity']:.2f} of {detector['refusals']}, specificity "
        f"{detector['specificity']:.2f} of {detector['others']})"
    )


def _interval(one: dict[str, float] | None) -> str:
    return f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]" if one else "-"
