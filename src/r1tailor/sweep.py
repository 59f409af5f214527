"""The end of a sweep: one table of all its runs."""

import json
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table


class SweepTable(Callback):
    """Hydra calls it when the last job of a sweep is over (``hydra.callbacks`` in conf/config.yaml)."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ANN401
        """Print and keep the table; a sweep with a failed run exits with 1."""
        folder = Path(config.hydra.sweep.dir)
        records = [
            json.loads(path.read_text("utf-8")) | {"run": path.parent.name} for path in folder.glob("*/run.json")
        ]
        records.sort(key=lambda record: int(record["run"]) if record["run"].isdigit() else 0)
        Console(width=160).print(table(records))
        (folder / "sweep.json").write_text(json.dumps(records, indent=2), encoding="utf-8")
        if any(record["status"] != "done" for record in records):
            raise SystemExit(1)


def table(records: list[dict[str, Any]]) -> Table:
    """Return one row a run: what it composed, what it reached, or why it failed."""
    names = list(dict.fromkeys(name for record in records for name in record.get("metrics", {})))
    shown = Table(title=f"{len(records)} runs")
    for column in ("run", "domain", "model", "strategy", *names, "seconds", "status"):
        shown.add_column(column, overflow="fold")
    for record in records:
        metrics = [f"{record['metrics'][name]:.3f}" if name in record.get("metrics", {}) else "" for name in names]
        what = [str(record.get(key, "")) for key in ("run", "domain", "model", "strategy")]
        status = record["status"] if record["status"] == "done" else f"failed: {record['error']}"
        shown.add_row(*what, *metrics, str(record.get("seconds", "")), status)
    return shown
