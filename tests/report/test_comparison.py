"""A comparison for people: its cells, its table in the terminal, its page."""

from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.evaluation.compare_versions import Compared, Row, compared, evaluated
from r1tailor.evaluation.evaluated_files import find
from r1tailor.registry import Registry
from r1tailor.report.comparison import HEADER, cells, named, paired, print_comparison, write_page
from tests.support.evaluated import ITEMS, write_run

HALF = [i % 2 == 0 for i in range(len(ITEMS))]


@pytest.fixture
def found(tmp_path: Path) -> Compared:
    registry = Registry(tmp_path / "outputs" / "registry")
    write_run(tmp_path / "a", HALF, "trainer.max_steps=7")
    write_run(tmp_path / "b", [True] * len(ITEMS), "domain.title='[/x]<script>'", "trainer.max_steps=9")
    return compared(*(evaluated(find(f"./{name}", registry, tmp_path)) for name in ("a", "b")))


def test_a_metric_that_is_not_measured_or_not_paired_has_empty_cells() -> None:
    difference = {"difference": 0.25, "low": -0.1, "high": 0.6, "p": 0.041}
    assert cells(Row("bleu", 0.5, 0.75, 30, difference)) == (
        "bleu",
        "0.500",
        "0.750",
        "+0.250 [-0.100, +0.600]",
        "0.041",
        "30",
    )
    assert cells(Row("bleu", None, 0.75, None, None)) == ("bleu", "", "0.750", "", "", "")


def test_the_terminal_shows_subjects_metrics_and_settings(
    found: Compared, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    print_comparison(found)
    out = capsys.readouterr().out
    assert out.startswith(f"A: {named(found.a)}\nB: {named(found.b)}\n")
    assert all(title in out for title in HEADER)
    assert "label_accuracy  0.500  1.000  +0.500" in out
    assert f"{paired(found)}\nsettings that differ: 2\n" in out
    assert "  trainer.max_steps: 7 -> 9\n" in out


def test_the_page_escapes_what_users_write(found: Compared, tmp_path: Path) -> None:
    write_page(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "[/x]&lt;script&gt;" in page
    assert "<script>" not in page
    assert paired(found) in page


def test_a_page_that_cannot_be_written_is_one_error(found: Compared, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"page\.html cannot be written: "):
        write_page(found, tmp_path / "file" / "page.html")
