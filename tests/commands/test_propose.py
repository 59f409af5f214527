"""``r1tailor propose`` as a stranger uses it: one command, then a domain that validates and trains."""

import contextlib
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from r1tailor import config
from r1tailor.__main__ import main
from tests.conftest import ROOT
from tests.support import proposal_cases
from tests.support.commands import spawned


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with nothing of its own yet."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "conf", folder / "conf")
    shutil.copyfile(ROOT / "train.py", folder / "train.py")
    return folder


@pytest.fixture
def propose(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in the project; return what it printed."""
    monkeypatch.setattr(config, "ROOT", project)
    monkeypatch.setattr(config, "CONF", project / "conf")
    monkeypatch.setattr(config, "PROJECT", project)
    monkeypatch.delenv("R1TAILOR_PRIVACY_KEY", raising=False)

    def run(*arguments: str) -> str:
        capsys.readouterr()
        main(["propose", *arguments])
        return capsys.readouterr().out

    return run


def _domain(project: Path, name: str) -> dict[str, object]:
    values: dict[str, object] = yaml.safe_load((project / "conf" / "domain" / f"{name}.yaml").read_text("utf-8"))
    return values


def test_a_messy_hospital_csv_becomes_a_domain_that_trains(propose: Callable[..., str], project: Path) -> None:
    told = propose(str(proposal_cases.hospital(project / "visits.csv")), "--yes", "--name", "visits")
    for said in ("Triage Note (", "Department (", "MRN (", "'ORTHOPEDICS'", "rejected", "phone", "hipaa", "test items"):
        assert said in told, said
    domain = _domain(project, "visits")
    assert domain["compliance"] == "hipaa"
    assert domain["task"]["labels"] == ["Cardiology", "Neurology", "Orthopedics"]  # type: ignore[index]
    assert domain["sources"][0]["path"] == "visits.csv"  # type: ignore[index]
    arguments = ("train.py", "--config-name=debug", "domain=visits", "output=outputs/runs/mine")
    done = spawned(arguments, project, {"R1TAILOR_PRIVACY_KEY": "a key of a test, no secret"})
    assert done.code == 0, done.err
    trained = json.loads(
        (project / "outputs" / "runs" / "mine" / "train" / "1-all" / "metrics.json").read_text("utf-8")
    )
    assert trained["steps"] == 2
    assert "Susan" not in (project / "outputs" / "runs" / "mine" / "instruct" / "train.jsonl").read_text("utf-8")


def test_a_second_run_shows_the_difference_and_overwrites_nothing(propose: Callable[..., str], project: Path) -> None:
    table = str(proposal_cases.questions(project / "sums.json"))
    assert "written: conf/domain/sums.yaml" in propose(table, "--yes")
    assert "is what is proposed already" in propose(table, "--yes")
    path = project / "conf" / "domain" / "sums.yaml"
    mine = path.read_text("utf-8").replace("test: 0.", "test: 0.0")
    path.write_text(mine, encoding="utf-8")
    told = propose(table, "--yes")
    assert "-  test: 0.0" in told
    assert "+  test: 0." in told
    assert "stays as it is" in told
    assert path.read_text("utf-8") == mine


def test_chinese_data_is_told_of_in_chinese(propose: Callable[..., str], project: Path) -> None:
    told = propose(str(proposal_cases.clinic_zh(project / "门诊.csv")), "--yes", "--name", "clinic")
    assert "看到的内容与相应的建议" in told
    assert "gb18030" in told
    assert "';'" in told
    domain = _domain(project, "clinic")
    assert domain["language"] == "zh"
    assert domain["task"]["instruction"] == "请根据下面的主诉给出科室。"  # type: ignore[index]
    assert "取最常见的写法" in (project / "conf" / "domain" / "clinic.yaml").read_text("utf-8")


def test_daily_prices_become_a_domain_of_kind_finance(propose: Callable[..., str], project: Path) -> None:
    told = propose(str(proposal_cases.prices(project / "index.csv")), "--yes", "--name", "fund")
    assert "r1tailor market backfill domain=fund" in told
    (source,) = _domain(project, "fund")["sources"]  # type: ignore[misc]
    assert (source["symbols"], source["thousands"], source["since"]) == ({"INDEX": "Close"}, ",", "2015-01-02")
    composition, choices = config.composed(["domain=fund"])
    assert config.validated(composition, choices).domain.kind == "finance"


def test_a_person_is_asked_on_a_terminal(
    propose: Callable[..., str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"name": "asked", "who uses it": "tutors, to check sums", "what the model is asked": "Add."}
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: next((a for q, a in answers.items() if q in question), ""))
    propose(str(proposal_cases.questions(project / "more.json")))
    assert _domain(project, "asked")["task"]["instruction"] == "Add."  # type: ignore[index]
    assert "# Used by: tutors, to check sums" in (project / "conf" / "domain" / "asked.yaml").read_text("utf-8")


_COMPLAINTS = [(f"complaint {number} of the {number % 7}th ward", "ABCD"[number % 4] * 3) for number in range(60)]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("saved.txt", "complaint\tdepartment\n" + "".join(f"{a}\t{b}\n" for a, b in _COMPLAINTS), "table (.txt)"),
        (
            "held.json",
            json.dumps({"version": 1, "data": [{"question": a, "answer": b} for a, b in _COMPLAINTS]}),
            "table (.json)",
        ),
        (
            "greeted.json",
            json.dumps(
                [
                    {
                        "conversations": [
                            {"from": who, "value": said}
                            for who, said in zip(("gpt", "human", "gpt"), ("Hello", a, b), strict=True)
                        ]
                    }
                    for a, b in _COMPLAINTS
                ]
            ),
            "sharegpt",
        ),
    ],
)
def test_tables_and_conversations_come_in_other_wrappings(
    propose: Callable[..., str], project: Path, name: str, content: str, told: str
) -> None:
    (project / name).write_text(content, encoding="utf-8")
    said = propose(str(project / name), "--yes")
    assert told in said
    assert "AAA 15, BBB 15, CCC 15, DDD 15 (a closed set)" in said


@pytest.mark.parametrize(
    ("name", "content", "arguments", "said"),
    [
        ("a.csv", "a,b\n1,2\n", ("--output", "c"), "--output c: no such column; there are a, b"),
        ("a.json", '{"a": 1}', (), "a list of records is expected, found a mapping with 'a'"),
        ("a.exe", "x", (), "a file whose name ends in .csv"),
        ("b.csv", "", (), "a header is expected"),
    ],
)
def test_what_cannot_be_proposed_is_one_message(
    propose: Callable[..., str],
    project: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (project / name).write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        propose(str(project / name), "--yes", *arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_database_becomes_a_domain(propose: Callable[..., str], project: Path) -> None:
    with contextlib.closing(sqlite3.connect(project / "clinic.db")) as database:
        database.execute("CREATE TABLE visits (note TEXT, ward TEXT)")
        rows = [(f"complaint {n * 7919 % 997} since {n} days", "ab"[n % 2]) for n in range(60)]
        database.executemany("INSERT INTO visits VALUES (?, ?)", rows)
        database.commit()
    told = propose(f"sqlite:///{project / 'clinic.db'}", "--yes", "--name", "wards")
    assert "written: conf/domain/wards.yaml" in told
    (source,) = _domain(project, "wards")["sources"]  # type: ignore[misc]
    assert (source["kind"], source["query"]) == ("sql", 'SELECT * FROM "visits"')


def test_a_folder_of_texts_is_read_on_with_loss_on_all_tokens(propose: Callable[..., str], project: Path) -> None:
    folder = project / "manuals"
    folder.mkdir()
    for n in range(24):
        (folder / f"{n}.txt").write_text(
            f"Part {n * 37 % 91} is held by {n * 7919 % 997} screws, {n} of them long.", "utf-8"
        )
    (folder / "old.bak").write_text("x", encoding="utf-8")
    told = propose(str(folder), "--yes", "--name", "manuals")
    assert "documents (.txt, 24 files)" in told
    assert "old.bak" in told
    assert _domain(project, "manuals")["task"]["kind"] == "text"  # type: ignore[index]
    assert config.load(["domain=manuals"]).domain.task.kind == "text"
