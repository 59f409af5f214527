"""What was redacted stays in ``collect``: no other byte of a real ``dvc repro`` and ``dvc push`` holds it.

A jsonl, a table and conversations name people by every kind of identifier. The project, the cache of token ids, DVC's
cache and remote, the logs of both and TensorBoard's files are searched, also inside Parquet, gzip, zip and safetensors.
"""

import csv
import gzip
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file

from r1tailor import config
from r1tailor.model.load import load_tokenizer
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done, spawned
from tests.support.readable import Decode, found_in, texts

NAMES = ("Zorblatt", "Quivane", "Wexcombe", "鹿目圆", "古丽米热·吐尔逊", "Ngawang Tsomora")
NUMBERS = ("523-41-8867", "217-555-3134", "7701-88-QZ4", "GRP70012", "4000 1234 5678 9010", "110105194912310021")
PLACES = ("zorb@quivane.example", "741 Marlowbrook Street", "www.quivane.example", "10.77.31.204", "17 March 1931")
PLANTED = (*NAMES, *NUMBERS, *PLACES)
NOTE = (
    "pt zorblatt quivane, SSN 523-41-8867, tel 217-555-3134, MRN: 7701-88-QZ4, mail zorb@quivane.example, lives at "
    "741 Marlowbrook Street, card 4000 1234 5678 9010, born 17 March 1931, see www.quivane.example, IP 10.77.31.204. "
    "患者姓名：鹿目圆，身份证110105194912310021。患者古丽米热·吐尔逊诉头痛。 Seen by Dr. Wexcombe."
)
KEY = {"R1TAILOR_PRIVACY_KEY": "sixteen bytes or more"}
Made = tuple[Path, Decode, Done]


def _write(data: Path) -> None:
    """Write 90 records of three forms, each of which names people."""
    data.mkdir(parents=True)
    colours = ("red", "green", "blue")
    notes = [
        {"input": f"{NOTE} number {n * 79}", "output": colours[n % 3], "group": f"GRP70012{n:03}"} for n in range(30)
    ]
    talks = [
        {
            "messages": [
                {"role": "user", "content": f"My name is Ngawang Tsomora. Colour {n * 83}?"},
                {"role": "assistant", "content": f"Dear Ms. Wexcombe, shade {n}"},
                {"role": "user", "content": f"{NOTE} and number {n * 89}?"},
                {"role": "assistant", "content": colours[n % 3]},
            ],
            "group": f"GRP70012{n + 100:03}",
        }
        for n in range(30)
    ]
    for name, rows in (("notes", notes), ("talks", talks)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (data / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    with (data / "visits.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["visit", "patient", "seen", "note", "output", "doctor"])
        for n in range(30):
            row = [f"7701-88-QZ4{n:03}", f"GRP70012{n + 200:03}", "2024-03-17", f"{NOTE} row {n * 97}", colours[n % 3]]
            table.writerow([*row, "Ngawang Tsomora"])


SOURCES = [
    {"kind": "jsonl", "name": "notes", "path": "data/notes.jsonl", "format": "auto", "unknown_keys": "keep"},
    {"kind": "jsonl", "name": "talks", "path": "data/talks.jsonl", "format": "messages", "unknown_keys": "keep"},
    {
        "kind": "table",
        "name": "visits",
        "path": "data/visits.csv",
        "columns": {
            "input": "note",
            "output": "output",
            "group": "patient",
            "id": "visit",
            "date": "seen",
            "fields": ["doctor"],
        },
    },
]
CHOSEN = ("domain=wards", "model=tiny_llama", "trainer.max_steps=2", *FASTER)


def _domain() -> str:
    values = yaml.safe_load((ROOT / "conf" / "domain" / "generic.yaml").read_text("utf-8"))
    shared = {"licence": "own", "available_at": "1970-01-01", "on_damage": "stop"}
    values |= {"name": "wards", "compliance": "hipaa", "sources": [source | shared for source in SOURCES]}
    values["cleaning"]["privacy"] = "hipaa"
    values["task"]["reasoning"] = "empty"  # the toy's template opens <think>
    values["split"] |= {"by": "group", "similarity": 1, "validation": 0.1, "test": 0.2}
    values["split"]["leaks"] = {"fields": ["input"], "containment": 1, "on_leak": "remove"}
    return yaml.safe_dump(values, allow_unicode=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the three files and a domain with privacy; nothing has run in it."""
    root = tmp_path_factory.mktemp("wards")
    _write(root / "data")
    shutil.copytree(ROOT / "conf", root / "conf")
    shutil.copy2(ROOT / "dvc.yaml", root)
    (root / "conf" / "domain" / "wards.yaml").write_text(_domain(), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(project: Path, ready: Path) -> Callable[..., Done]:
    """Run `python <arguments>` in the project, with caches of its own; keep what it says in the project's log."""

    def started(*arguments: str, **environment: str) -> Done:
        own = {"R1TAILOR_CACHE": str(project / "tokens"), "DVC_SITE_CACHE_DIR": str(project / "site")}
        own |= {"PATH": f"{ready}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
        done = spawned(arguments, project, own | environment, str(ready / "python"))
        with (project / "said.log").open("a", encoding="utf-8") as log:
            log.write(done.out + done.err)
        return done

    return started


def test_a_missing_key_is_reported_before_any_file_is_read(project: Path, run: Callable[..., Done]) -> None:
    assert run("-m", "r1tailor", "use", *CHOSEN, **KEY).code == 0
    refused = run("-m", "r1tailor", "inputs")
    assert refused.code == 2
    assert refused.err.strip().endswith("set R1TAILOR_PRIVACY_KEY or R1TAILOR_PRIVACY_KEY_FILE")
    assert not (project / "outputs" / "wards" / "inputs").exists()


@pytest.fixture(scope="module")
def made(project: Path, run: Callable[..., Done]) -> Made:
    """Run the pipeline to the registered version, and push what DVC would send to others."""
    assert run("-m", "r1tailor", "use", *CHOSEN, **KEY).code == 0
    for arguments in (["init", "--no-scm"], ["remote", "add", "-d", "others", "remote"]):
        assert run("-m", "dvc", *arguments).code == 0
    done = run("-m", "dvc", "repro", "-v", **KEY)
    assert done.code == 0, done.out[-4000:] + done.err[-4000:]
    assert run("-m", "dvc", "push", **KEY).code == 0
    settings = config.load(["model=tiny_llama"])
    tokenizer = load_tokenizer(settings.model, ROOT).tokenizer
    return project, lambda ids: str(tokenizer.decode([one for one in ids if 0 <= one < len(tokenizer)])), done


@pytest.fixture(scope="module")
def found(made: Made) -> dict[str, set[str]]:
    project, decode, _ = made
    return found_in(project, PLANTED, decode)


def test_nothing_planted_lies_outside_the_users_files_and_the_raw_documents(found: dict[str, set[str]]) -> None:
    raw = ("data/", "outputs/wards/collect/")
    left = {one: {name for name in names if not name.startswith(raw)} for one, names in found.items()}
    assert not {one: names for one, names in left.items() if names}


@pytest.mark.parametrize("planted", PLANTED)
def test_the_search_finds_each_of_them_in_the_raw_documents(planted: str, found: dict[str, set[str]]) -> None:
    assert any(name.startswith("outputs/wards/collect/") for name in found[planted])


def test_what_was_searched_is_all_that_a_run_writes(made: Made) -> None:
    project, _, done = made
    names = [path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()]
    parts = ("tokens/", ".dvc/cache/", "remote/", "tfevents", "register/", "evaluation/report.html", "said.log")
    assert not [part for part in parts if not any(part in name for name in names)]
    assert "Running stage 'register'" in done.out
    examples = "".join(path.read_text("utf-8") for path in (project / "outputs/wards/instruct").glob("*.jsonl"))
    assert all(kind in examples for kind in ("[NAME]", "[SSN]", "[PHONE]", "[EMAIL]", "[ADDRESS]", "[BANK_CARD]"))


def test_groups_stay_apart_under_opaque_names(made: Made) -> None:
    examples = (made[0] / "outputs" / "wards" / "instruct").glob("*.jsonl")
    rows = [json.loads(line) for path in examples for line in path.read_text("utf-8").splitlines()]
    assert len({row["group"] for row in rows}) == len(rows) > 60


def test_the_search_opens_archives_and_arrays(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", gzip.compress("患者鹿目圆".encode()))
    save_file({"ids": torch.tensor([90, 111])}, tmp_path / "arrays", metadata={"title": "Wexcombe"})
    (tmp_path / "escaped").write_text(json.dumps({"name": "鹿目圆"}))
    decode: Decode = lambda ids: "".join(map(chr, ids))  # noqa: E731
    assert found_in(tmp_path, ("鹿目圆", "wexcombe", "zo"), decode) == {
        "鹿目圆": {"packed", "escaped"},
        "wexcombe": {"arrays"},
        "zo": {"arrays"},
    }
    assert "鹿目圆" in "".join(texts(packed.read_bytes(), decode))
