"""The end of a sweep: one table and one page of all its runs."""

from pathlib import Path
from statistics import fmean
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from r1tailor import store
from r1tailor.report.sweep_page import sweep_page
from r1tailor.report.texts import Language

RECORD = "run.json"  # of each run, written by ``runs``
SEARCH = "search.json"  # of a sweep whose jobs were drawn, written by ``search``
PAGE = "sweep.html"
COSTS = ("validation_loss", "train_seconds", "trained_parameters")  # of a record, beside its metrics
OVER = ("done", "pruned")  # how a job ends that did not fail
Record = dict[str, Any]


class SweepTable(Callback):
    """Hydra calls it when the last job of a sweep is over (``hydra.callbacks`` in conf/config.yaml)."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ANN401
        """Keep and print the table, and write the page; a sweep with a failed run exits with 1."""
        folder = Path(config.hydra.sweep.dir)
        found = records(folder)
        try:
            store.write_json(folder / "sweep.json", found)
            console = Console(width=160, markup=False, emoji=False)  # a message may hold [/x]
            console.print(table(found))
            for record in found:
                if "error" in record:
                    console.print(f"{record['run']} {record['status']}: {record['error']}", soft_wrap=True)
            if spread := spread_of_seeds(found):
                console.print(spread)
            searched = store.read_json(folder / SEARCH) if (folder / SEARCH).exists() else {}
            store.write_text(folder / PAGE, sweep_page(found, swept(found), searched, _language(config)))
            print(f"page: {folder / PAGE}")
        finally:  # Hydra turns an exception into a warning: what fails here must not hide a failed run
            if any(record["status"] not in OVER for record in found):
                raise SystemExit(1)


def records(folder: Path) -> list[Record]:
    """Return the record of every run below a sweep's folder, however deep it lies, in the order of their jobs.

    The checkpoints of a run that did not end have a file of that name as well, without a job.
    """
    found = [
        store.read_json(path) | {"run": path.parent.relative_to(folder).as_posix()} for path in folder.rglob(RECORD)
    ]
    return sorted((one for one in found if "job" in one), key=lambda record: (record["job"], record["run"]))


def swept(found: list[Record]) -> dict[str, list[str]]:
    """Return what was swept: each key whose value is not the same in every run, with its value in each."""
    chosen = [dict(text.partition("=")[::2] for text in record["overrides"]) for record in found]
    keys = dict.fromkeys(key for overrides in chosen for key in overrides)
    values = {key: [overrides.get(key, "") for overrides in chosen] for key in keys}
    return {key: given for key, given in values.items() if len(set(given)) > 1}


def table(found: list[Record]) -> Table:
    """Return one row a run: what was swept, what it reached, how it ended."""
    names = list(dict.fromkeys(name for record in found for name in record.get("metrics", {})))
    varied = swept(found)
    shown = Table(title=f"{len(found)} runs")
    for column in ("run", *varied, *names, "seconds", "status"):
        shown.add_column(column, overflow="fold")
    for place, record in enumerate(found):
        metrics = [_cell(record.get("metrics", {}).get(name)) for name in names]
        what = [record["run"], *(given[place] for given in varied.values())]
        shown.add_row(*what, *metrics, str(record.get("seconds", "")), record["status"])
    return shown


def spread_of_seeds(found: list[Record]) -> Table | None:
    """Return one row for each composition that ran with several seeds: mean, lowest and highest of each metric.

    Seeds are no items: their spread shows what training by another seed changes, and no interval.
    """
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in found:
        if record["status"] == "done":
            rest = tuple(text for text in record["overrides"] if text.partition("=")[0] != "seed")
            groups.setdefault(rest, []).append(record)
    several = {rest: runs for rest, runs in groups.items() if len({tuple(run["overrides"]) for run in runs}) > 1}
    if not several:
        return None
    names = list(dict.fromkeys(name for runs in several.values() for run in runs for name in run["metrics"]))
    varied, shown = swept(found), Table(title="spread over seeds: mean [lowest, highest]")
    for column in ("composition", "seeds", *names):
        shown.add_column(column, overflow="fold")
    for rest, runs in several.items():
        values = [[run["metrics"].get(name) for run in runs] for name in names]
        what = " ".join(text for text in rest if text.partition("=")[0] in varied)
        shown.add_row(what, str(len(runs)), *map(_spread, values))
    return shown


def _language(config: DictConfig) -> Language:
    """Return the language of the page: that of the report, as far as all runs share it."""
    report, domain = config.get("report", {}), config.get("domain", {})
    wanted = report.get("language", "auto")
    return "zh" if "zh" in (wanted, domain.get("language") if wanted == "auto" else "") else "en"


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{fmean(known):.3f} [{min(known):.3f}, {max(known):.3f}]" if known else ""


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
