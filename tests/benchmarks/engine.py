"""R1 Tailor's engine against others: same examples, same hyper-parameters, alternating runs.

    python tests/benchmarks/engine.py                 # everything: takes hours
    python tests/benchmarks/engine.py --quick         # one round of the first workload against TRL
    python tests/benchmarks/engine.py --search        # search TRL's best setting first

Every run is a separate process; every peer has its own environment (``peers/*.txt``). A round runs each engine once, so
that a slow hour of the machine affects all of them. Only the training loop is timed. One judge outside all engines
scores the trained models. The results are in the table; the last line of the output repeats them as ``name=value``.
"""

import argparse
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from engines import (
    ENGINES,
    OURS,
    ROOT,
    Engine,
    configured,
    interpreter,
    run,
    score,
    search_axes,
    search_start,
    trained_folder,
)
from environments import UnavailableError
from peers.contract import Spec
from summary import Series, last_line, pairs, remarks, table
from workloads import WORKLOADS, HarnessError, Prepared, Workload, prepare

_QUICK_EXAMPLES = 96
_QUICK_ENGINES = [OURS, "trl_default", "trl_best"]


@dataclass
class Benchmark:
    """One invocation of this script: its options and the results so far."""

    options: argparse.Namespace
    found: list[Series] = field(default_factory=list)
    base: dict[str, float] = field(default_factory=dict)
    pythons: dict[str, Path] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """Folder of all output except the table."""
        return self.options.table.with_suffix("")

    def everything(self) -> None:
        """Run everything requested; the table is rewritten after each round."""
        unavailable = self.environments()
        for workload in self.options.workloads:
            examples = self.options.examples or workload.examples
            print(f"{workload.name}: preparing {examples} examples", flush=True)
            prepared = prepare(workload, examples, self.seeds, self.work / workload.name)
            self.base[workload.name] = score(prepared, prepared.spec("lora", self.seeds[0], self.work), None)
            for strategy in self.options.strategies:
                here = [Series(workload.name, strategy, name) for name in self.options.engines]
                for series in here:
                    series.reason = unavailable.get(series.engine, "")
                self.found += here
                if self.options.search and "trl_best" in self.pythons:
                    self.search(prepared, strategy)
                for number in range(self.options.rounds):
                    for series in here:
                        if not series.reason:
                            self.one(prepared, series, number)
                    self.write()

    @property
    def seeds(self) -> list[int]:
        """The seeds that the rounds cycle through."""
        return list(range(1, self.options.seeds + 1))

    def environments(self) -> dict[str, str]:
        """Create every environment; return the reason, by engine, for each one that cannot be created."""
        reasons = {}
        for name in self.options.engines:
            try:
                self.pythons[name] = interpreter(ENGINES[name])
            except UnavailableError as error:
                reasons[name] = str(error)
                print(f"{ENGINES[name].title} {error}", flush=True)
        return reasons

    def one(self, prepared: Prepared, series: Series, number: int) -> None:
        """Run one engine once; a peer that fails is dropped, a failure of R1 Tailor stops the benchmark."""
        engine, seed = ENGINES[series.engine], self.seeds[number % len(self.seeds)]
        output = self.work / "runs" / f"{series.workload}-{series.strategy}-{series.engine}-{number + 1}"
        spec = configured(prepared.spec(series.strategy, seed, output), self.settings(engine, series))
        try:
            result = run(engine, self.pythons[engine.name], spec)
        except HarnessError as error:
            if engine.name == OURS:
                raise
            series.runs.clear()
            series.reason = str(error).replace("|", "/")
            print(f"{ENGINES[series.engine].title}: {error}", flush=True)
            return
        series.runs.append(result)
        if seed not in series.losses:
            series.losses[seed] = score(prepared, spec, trained_folder(engine, spec))
        shutil.rmtree(output, ignore_errors=True)
        self.say(series, number, result, series.losses[seed])

    def say(self, series: Series, number: int, result: dict[str, Any], loss: float) -> None:
        """Print one line about one run."""
        speed, memory = result["examples"] / result["seconds"], result["rss"] / 2**30
        where = f"{series.workload} {series.strategy} round {number + 1}/{self.options.rounds}"
        who = ENGINES[series.engine].title
        print(f"{where}: {who}: {speed:.2f} examples/s, {memory:.2f} GiB, validation loss {loss:.4f}", flush=True)

    def settings(self, engine: Engine, series: Series) -> dict[str, Any]:
        """Return an engine's changed settings; for TRL's best, those that the search found."""
        if engine.name != "trl_best" or not self.best_file.exists():
            return engine.settings
        kept: dict[str, Any] = json.loads(self.best_file.read_text(encoding="utf-8"))
        chosen: dict[str, Any] = kept.get(f"{series.workload}/{series.strategy}", {}).get("settings", engine.settings)
        return chosen

    def trl_settings(self) -> list[str]:
        """Return lines that state TRL's best settings and whether a search found them."""
        lines = []
        for series in self.found:
            if series.engine == "trl_best" and series.runs:
                settings = self.settings(ENGINES[series.engine], series)
                origin = "set by hand, no search was run" if settings is ENGINES[series.engine].settings else "searched"
                said = ", ".join(f"{name}={value}" for name, value in settings.items())
                lines.append(f"TRL's best on {series.workload} with {series.strategy} ({origin}): {said}.")
        return lines

    @property
    def best_file(self) -> Path:
        """TRL's best settings by workload and strategy, next to the table."""
        path: Path = self.options.table.with_suffix(".trl_best.json")
        return path

    def search(self, prepared: Prepared, strategy: str) -> None:
        """Try TRL's settings on one optimizer step, one kind at a time, and keep the fastest."""
        rates: list[tuple[float, dict[str, Any]]] = []
        spec = prepared.one_step(prepared.spec(strategy, self.seeds[0], self.work / "runs" / "search"))
        chosen = search_start(prepared)
        for changes in search_axes(prepared):
            for settings in (chosen | change for change in changes):
                if settings not in [tried for _, tried in rates]:
                    rates += self.rate(spec, settings)
            chosen = max(rates, key=lambda entry: entry[0], default=(0.0, chosen))[1]
        if rates:
            self.keep(f"{prepared.workload.name}/{strategy}", rates)

    def rate(self, spec: Spec, settings: dict[str, Any]) -> list[tuple[float, dict[str, Any]]]:
        """Return TRL's examples per second with these settings, and the settings; empty if the run fails."""
        try:
            result = run(ENGINES["trl_best"], self.pythons["trl_best"], configured(spec, settings))
        except HarnessError as error:
            print(f"search {settings}: {error}", flush=True)
            return []
        speed = result["examples"] / result["seconds"]
        print(f"search {settings}: {speed:.2f} examples/s", flush=True)
        return [(speed, settings)]

    def keep(self, key: str, rates: list[tuple[float, dict[str, Any]]]) -> None:
        """Store the best settings of a search, and everything it tried."""
        known = json.loads(self.best_file.read_text(encoding="utf-8")) if self.best_file.exists() else {}
        speed, settings = max(rates, key=lambda entry: entry[0])
        known[key] = {"settings": settings, "examples_per_second": speed, "tried": rates}
        self.best_file.write_text(json.dumps(known, indent=2), encoding="utf-8")
        print(f"search {key}: best {settings} at {speed:.2f} examples/s", flush=True)

    def write(self) -> None:
        """Write the table and, next to it, every run."""
        lines = [*remarks(self.found, self.base), *self.trl_settings()]
        text = "\n".join([table(self.found), "", *(f"- {line}" for line in lines), ""])
        self.options.table.write_text(text, encoding="utf-8")
        rows = json.dumps([vars(series) for series in self.found], indent=2)
        self.options.table.with_suffix(".json").write_text(rows, encoding="utf-8")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the error in one line and exit with 2."""
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)


def options() -> argparse.Namespace:
    """Return the checked command line."""
    parser = _Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="some of: %(default)s")
    parser.add_argument("--strategies", default="lora,full", help="some of: %(default)s")
    parser.add_argument("--engines", default=",".join(ENGINES), help="some of: %(default)s; r1tailor is always run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each engine (default: 5)")
    parser.add_argument("--seeds", type=int, default=1, help="seeds that the rounds cycle through (default: 1)")
    parser.add_argument("--examples", type=int, help="of one run (default: by workload)")
    parser.add_argument("--search", action="store_true", help="search TRL's settings first (8 or 9 runs of one step)")
    parser.add_argument("--quick", action="store_true", help="1 round, first workload and strategy, TRL only")
    parser.add_argument("--table", type=Path, default=ROOT / "outputs" / "benchmarks" / "engine.md")
    return _checked(parser, parser.parse_args())


def _checked(parser: _Parser, chosen: argparse.Namespace) -> argparse.Namespace:
    chosen.workloads = [WORKLOADS[name] for name in _names(parser, "workloads", chosen.workloads, list(WORKLOADS))]
    chosen.strategies = _names(parser, "strategies", chosen.strategies, ["lora", "full"])
    chosen.engines = _names(parser, "engines", chosen.engines, list(ENGINES))
    for name in ("rounds", "seeds"):
        if getattr(chosen, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if chosen.quick:
        chosen.workloads, chosen.strategies = chosen.workloads[:1], chosen.strategies[:1]
        chosen.engines, chosen.rounds = _QUICK_ENGINES, 1
        chosen.examples = chosen.examples or _QUICK_EXAMPLES
    if OURS not in chosen.engines:
        chosen.engines.insert(0, OURS)
    chosen.rounds = max(chosen.rounds, chosen.seeds)  # every seed is run at least once
    _check_examples(parser, chosen)
    chosen.table = chosen.table.resolve()
    chosen.table.parent.mkdir(parents=True, exist_ok=True)
    return chosen


def _check_examples(parser: _Parser, chosen: argparse.Namespace) -> None:
    workloads: list[Workload] = chosen.workloads
    for workload in workloads:
        if chosen.examples is not None and (chosen.examples < 1 or chosen.examples % workload.batch_size):
            parser.error(f"--examples must be a multiple of {workload.batch_size}, the batch of {workload.name}")


def _names(parser: _Parser, option: str, given: str, known: list[str]) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        parser.error(f"--{option}: {wrong[0] if wrong else 'nothing'} is not one of {', '.join(known)}")
    return names


def main() -> None:
    """Run the benchmark; if it cannot continue, print one line and exit with 1."""
    benchmark = Benchmark(options())
    try:
        benchmark.everything()
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; the finished rounds are in the table", file=sys.stderr)
        sys.exit(130)
    print(f"\n{benchmark.options.table.read_text(encoding='utf-8')}")
    print(last_line(pairs(benchmark.found)))


if __name__ == "__main__":
    main()
