"""The guides' own commands, run on small files of the kind they are about, in a project of its own."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.conftest import EXAMPLES
from tests.docs.test_commands import commands
from tests.support.commands import Done
from tests.support.feed_cases import FEEDS, real_bars
from tests.support.source_cases import CASES

GUIDES = ROOT / "docs" / "en" / "guides"
WORDS = ["pain", "seizure", "fever", "cough", "rash", "numb", "stiff", "neck", "back", "swelling", "fall", "since"]


@pytest.fixture
def run(tmp_path: Path, run_command: Callable[..., Done]) -> Callable[[str], Done]:
    """Run a command of a guide in a project that has the example domains."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "train.py", tmp_path)
    for file in (EXAMPLES / "domains").glob("*.yaml"):
        shutil.copy(file, tmp_path / "conf" / "domain")
    (tmp_path / "data").mkdir()

    def command(line: str) -> Done:
        program, *arguments = line.split()
        arguments = ["-m", "r1tailor", *arguments] if program == "r1tailor" else arguments
        return run_command(
            *arguments, cwd=tmp_path, PYTHONPATH=str(ROOT / "src"), R1TAILOR_PRIVACY_KEY="sixteen bytes or more"
        )

    return command


def _sentence(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=9))


def _in_guide(name: str, command: str) -> str:
    """Return a command that the guide holds."""
    assert command in [text for text, _ in commands(GUIDES / name)]
    return command


def test_documents_without_answers_are_read_as_texts(tmp_path: Path, run: Callable[[str], Done]) -> None:
    folder = tmp_path / "data" / "guidelines"
    folder.mkdir()
    for number in range(60):
        paragraphs = [f"{_sentence(100 * number + part).capitalize()}." for part in range(1 + number % 4)]
        (folder / f"{number:02}.txt").write_text("\n\n".join(paragraphs), "utf-8")
    done = run(_in_guide("texts.md", "python train.py --config-name=debug domain=guidelines"))
    assert done.code == 0, done.err
    latest = tmp_path / "outputs" / "runs" / "latest"
    assert json.loads((latest / "evaluation" / "metrics.json").read_text())["models"]["tuned"].keys() == {"perplexity"}


def test_a_hospitals_csv_trains_without_identifiers(tmp_path: Path, run: Callable[[str], Done]) -> None:
    labels = ("cardiology", "neurology", "surgery")
    rows = [
        f'V{n},,2024-03-{n % 28 + 1:02},"Patient: Susan Smith. {_sentence(n)}",{labels[n % 3]},{1000 + n}\n'
        for n in range(60)
    ]
    (tmp_path / "data" / "triage.csv").write_text("visit,patient,date,note,output,group\n" + "".join(rows), "utf-8")
    done = run(_in_guide("hospital.md", "python train.py --config-name=debug domain=triage"))
    assert done.code == 0, done.err
    folder = tmp_path / "outputs" / "runs" / "latest"
    assert (folder / "evaluation" / "report.html").is_file()
    parts = "".join(file.read_text("utf-8") for file in (folder / "instruct").glob("*.jsonl"))
    assert "[NAME]" in parts
    assert "Susan" not in parts


def test_a_law_firms_dialogues_train(tmp_path: Path, run: Callable[[str], Done]) -> None:
    lines = [
        {
            "input": f"Client: {_sentence(n)}",
            "output": f"Bring letter {n % 7}.",
            "group": f"m{n}",
            "entities": ["letter"],
        }
        for n in range(60)
    ]
    (tmp_path / "data" / "dialogues.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    done = run(_in_guide("law-firm.md", "python train.py --config-name=debug domain=intake"))
    assert done.code == 0, done.err
    assert (tmp_path / "outputs" / "runs" / "latest" / "evaluation" / "metrics.json").is_file()


def test_a_law_firms_judgments_become_tasks(tmp_path: Path, run: Callable[[str], Done]) -> None:
    next(case for case in CASES if case.settings["kind"] == "judgments").write(tmp_path, 5)
    (tmp_path / "judgments").rename(tmp_path / "data" / "rulings")
    use, tasks = (
        _in_guide("law-firm.md", command) for command in ("r1tailor use domain=rulings", "r1tailor tasks --limit 200")
    )
    for command in (use, "r1tailor collect", "r1tailor clean", tasks):
        done = run(command)
        assert done.code == 0, done.err
    written = json.loads((tmp_path / "outputs" / "tasks" / "label_studio.json").read_text("utf-8"))
    assert len(written) == 5
    assert "remitted" in (tmp_path / "outputs" / "tasks" / "label_studio.xml").read_text("utf-8")


def test_a_funds_bars_fill_its_store(tmp_path: Path, run: Callable[[str], Done]) -> None:
    FEEDS[0].write(tmp_path, real_bars())
    (tmp_path / "bars.csv").rename(tmp_path / "data" / "bars.csv")
    done = run(_in_guide("fund.md", "r1tailor market backfill domain=fund"))
    assert done.code == 0, done.err
    assert list((tmp_path / "market" / "prices").glob("*.parquet"))


def test_explain_prints_what_the_overview_shows(run: Callable[[str], Done]) -> None:
    page = (ROOT / "docs" / "en" / "configuration.md").read_text("utf-8")
    shown = page.partition("$ r1tailor explain trainer.micro_batch_tokens\n")[2].partition("```")[0]
    assert run("r1tailor explain trainer.micro_batch_tokens").out == shown


def test_faults_are_printed_as_the_overview_shows(run: Callable[[str], Done], tmp_path: Path) -> None:
    page = (ROOT / "docs" / "en" / "configuration.md").read_text("utf-8")
    command, _, message = page.partition("$ python train.py domain=medcal")[2].partition("```")[0].partition("\n")
    for file in (EXAMPLES / "domains").glob("*.yaml"):
        (tmp_path / "conf" / "domain" / file.name).unlink()
    done = run(f"python train.py domain=medcal{command}")
    assert (done.code, done.err) == (2, message)
