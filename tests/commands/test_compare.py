"""``r1tailor compare``: the table, JSON, the page, and one error for all wrong names."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from tests.support.evaluated import write_run
from tests.support.versions import Shop

HALF = [i % 2 == 0 for i in range(30)]
MOST = [i % 10 != 0 for i in range(30)]


@pytest.fixture
def compare(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    runs = shop.folder / "outputs" / "runs"
    write_run(runs / "a", HALF, "trainer.max_steps=7")
    write_run(runs / "b", MOST, "trainer.max_steps=9", "domain.title='[/x]<script>'")
    monkeypatch.setattr(config, "ROOT", shop.folder)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> str:
        main(["compare", *arguments])
        return capsys.readouterr().out

    return run


def test_the_table_fits_and_says_what_is_paired(compare: Callable[..., str]) -> None:
    out = compare("outputs/runs/a", "toy")
    assert out.startswith("A: outputs/runs/a\nB: outputs/runs/b (the newest finished run of toy; ")
    assert max(map(len, out.splitlines()[2:6])) <= 80
    row = next(line for line in out.splitlines() if line.startswith("label_accuracy"))
    assert row.split()[:4] == ["label_accuracy", "0.500", "0.900", "+0.400"]
    assert row.split()[-1] == "30"
    assert "paired on 30 held-out items that both answered; intervals 95%" in out
    assert "  trainer.max_steps: 7 -> 9\n" in out
    assert "[/x]<script>" in out


def test_scripts_read_json(compare: Callable[..., str]) -> None:
    found = json.loads(compare("outputs/runs/a", "outputs/runs/b", "--json"))
    assert found["paired_items"] == 30
    assert {"key": "trainer.max_steps", "a": "7", "b": "9"} in found["settings"]
    assert json.loads(compare("toy", "toy", "--json"))["settings"] == []


def test_the_page_is_self_contained_and_what_users_write_is_text(compare: Callable[..., str], tmp_path: Path) -> None:
    page = tmp_path / "new" / "comparison.html"
    assert compare("outputs/runs/a", "outputs/runs/b", "--report", str(page)).endswith(f"report: {page}\n")
    html = page.read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "[/x]&lt;script&gt;" in html
    assert "http" not in html
    for text in ("label_accuracy", "+0.400 [", "trainer.max_steps", "paired on 30 held-out items", "<style>"):
        assert text in html


def test_wrong_names_are_one_error(
    compare: Callable[..., str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        compare("tow-1", "outputs/runs/none")
    err = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "there is no version tow-1" in err
    assert "outputs/runs/none: there is no such folder" in err
    with pytest.raises(SystemExit) as stopped:
        compare("outputs/runs/a", "outputs/runs/b", "--report", str(tmp_path))
    assert stopped.value.code == 2
    assert f"{tmp_path} cannot be written: " in capsys.readouterr().err


def test_a_wrong_name_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    program = (
        "import sys; from r1tailor.__main__ import main\n"
        "try: main(['compare', 'x/y', 'z/y'])\n"
        "finally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "False\n")
    assert done.stderr.count("there is no such folder") == 2
