"""The page of a sweep: its verdict, its lines, its table, in both languages, without anything from elsewhere."""

import re
from typing import Any

import pytest

from r1tailor.report.sweep_page import sweep_page

VARIED = {"optimizer.lr": ["0.0001", "0.01", "0.001", "0.002"], "strategy": ["lora", "full", "lora", "full"]}
SEARCHED: dict[str, Any] = {
    "objectives": {"validation_loss": "minimize"},
    "best": [2],
    "importance": {"validation_loss": {"optimizer.lr": 0.75, "strategy": 0.25}},
}


def run(job: int, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    there = {"status": "done", "seconds": 2.0 + job, "costs": {"validation_loss": 3.0 - job}, "metrics": {"f1": 0.5}}
    return {"job": job, "run": str(job), "overrides": []} | there | given


FOUND = [
    run(0),
    {"job": 1, "run": "1", "overrides": [], "status": "failed", "error": "no <script> here"},
    run(2),
    {"job": 3, "run": "3", "overrides": [], "status": "pruned", "error": "lowest validation loss 3 after 1"},
]


def test_it_shows_the_best_run_what_mattered_and_every_run() -> None:
    page = sweep_page(FOUND, VARIED, SEARCHED, "en")
    assert "2 runs finished, 1 ended early, 1 failed" in page
    assert re.search(r"<b>run 2</b>: validation_loss 1<br><code>optimizer.lr=0.001, strategy=lora</code>", page)
    assert page.count("<polyline") == 4
    assert page.count('class="line good"') == 1
    assert "no &lt;script&gt; here" in page
    assert ">75%<" in page
    assert "looks better than it is" not in page, "the validation loss is not of the test items"
    assert len(re.findall(r'<tr><th scope="row">\d</th>', page)) == 4


def test_it_warns_where_the_objective_is_measured_on_test_items() -> None:
    page = sweep_page(FOUND, VARIED, {**SEARCHED, "objectives": {"f1": "maximize"}}, "en")
    assert "f1 is measured on the test items" in page


def test_an_objective_that_did_not_vary_has_no_importance() -> None:
    """``f1`` is 0.5 in both runs that finished, whatever shares were found for it."""
    shares = {"f1": {"optimizer.lr": 0.5, "strategy": 0.5}}
    page = sweep_page(FOUND, VARIED, {**SEARCHED, "importance": SEARCHED["importance"] | shares}, "en")
    assert re.search(r"<h3>f1</h3>\s*<p>The same in every run that finished.</p>", page)
    assert ">50%<" not in page
    assert ">75%<" in page


def test_without_a_search_it_names_no_best_run() -> None:
    page = sweep_page(FOUND, VARIED, {}, "en")
    assert "Every composition was run; none was searched for" in page
    assert 'id="importance"' not in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_loads_nothing_and_is_in_its_language(language: Any) -> None:  # noqa: ANN401
    page = sweep_page(FOUND, VARIED, SEARCHED, language)
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert ("平行坐标" in page) == (language == "zh")
    assert (">完成<" in page) == (language == "zh")


def test_runs_that_all_failed_are_a_page() -> None:
    page = sweep_page(FOUND[1:2], {}, {**SEARCHED, "best": [], "importance": {}}, "en")
    assert "No run of the search finished" in page
    assert "<polyline" not in page
