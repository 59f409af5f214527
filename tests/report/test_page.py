"""The page of a run: what it shows and in which order, in both languages, without anything from elsewhere."""

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from r1tailor.corpus.privacy.coverage import coverage_table
from r1tailor.records import Turn
from r1tailor.report.finished import Finished
from r1tailor.report.page import LONGEST_SHOWN, excerpt, page
from tests.support.finished import finished, items, metrics, phase

LARGEST = 1_500_000  # bytes
SECTIONS = ["verdict", "goals", "headline", "market", "curves", "classes", "slices", "explained", "redteam", "ability",
            "examples", "data", "training", "composition", "lineage"]  # fmt: skip
_PRIVACY = "domain.cleaning.privacy={kinds: {name: redact, zip: redact}, key_variable: KEY}"


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        loads = [value for name, value in attrs if name in ("src", "href") and value]
        self.outside += [value for value in loads if not value.startswith("#")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of a drawing: it opens nothing."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def whole() -> Finished:
    return finished()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_whole_small_and_loads_nothing(language: str) -> None:
    text = page(finished(language=language))
    tags = _Tags(text)
    assert (tags.open, tags.wrong, tags.outside) == ([], [], [])
    assert "<script" not in text
    assert len(text.encode()) < LARGEST
    assert re.findall(r'<h2 id="(\w+)">', text) == SECTIONS
    assert re.findall(r'<a href="#(\w+)">', text) == SECTIONS, "the list of contents"
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}">' in text


def test_what_is_not_there_has_no_section() -> None:
    text = page(finished(bare=True, phases=[]))
    missing = {"market", "curves", "explained", "redteam", "ability"}
    assert re.findall(r'<h2 id="(\w+)">', text) == [name for name in SECTIONS if name not in missing]


def test_the_chinese_page_has_no_english_heading_left() -> None:
    text = page(finished(language="zh", items=items()))
    for heading in re.findall(r"<h[23][^>]*>(.*?)</h[23]>", text, re.DOTALL):
        words = re.sub(r"<[^>]*>", "", heading)
        if not re.fullmatch(r"\s*更差 label_accuracy 0\.700\s*", words):
            assert re.search(r"[\u4e00-\u9fff]", words), words


def test_the_verdict_comes_first_and_findings_before_it(whole: Finished) -> None:
    text = page(whole)
    assert text.index("worse</span> label_accuracy 0.700") < text.index('id="goals"')
    assert "the answer of the nearest training example</th>" in text
    silent = page(finished(metrics={**metrics(), "verdicts": []}))
    assert "there is no verdict" in silent


def test_text_of_users_is_text(whole: Finished) -> None:
    example, base, tuned = whole.items[0]
    hostile = (dataclasses.replace(example, input="<img src=x>", turns=(Turn("user", "<b>hi</b>"),)), base, tuned)
    text = page(finished("domain.title='Notes [/INST] <b>:smile:</b>'", items=[hostile, *whole.items[1:]]))
    assert "Notes [/INST] &lt;b&gt;:smile:&lt;/b&gt;" in text
    assert "&lt;img src=x&gt;" in text
    assert "user: &lt;b&gt;hi&lt;/b&gt;" in text
    assert "<img" not in text


def test_examples_wrong_and_right_are_shown_apart(whole: Finished) -> None:
    text = page(whole)
    wrong, right = text.index("Wrong by label_accuracy"), text.index("Right by label_accuracy")
    assert wrong < text.index("thing 0 ") < right < text.index("thing 1 ")
    unscored = [(e, dataclasses.replace(b, scores={}), dataclasses.replace(t, scores={})) for e, b, t in whole.items]
    spread = page(finished(items=unscored))
    assert "Wrong by" not in spread
    assert "thing 0 " in spread
    assert "thing 27 " in spread, "over all that was asked"


def test_the_instruction_is_shown_where_it_differs(whole: Finished) -> None:
    assert "<dt>instruction</dt>" not in page(whole)
    other = dataclasses.replace(whole.items[0][0], instruction="Name another group.")
    text = page(finished(items=[(other, *whole.items[0][1:]), *whole.items[1:]]))
    assert "<dd>Name another group.</dd>" in text


def test_where_identifiers_are_treated_the_table_of_all_eighteen_is_shown(whole: Finished) -> None:
    text = page(finished(_PRIVACY))
    assert sum(f'<tr><th scope="row">{one.identifier}' in text for one in coverage_table()) >= 15
    assert "HIPAA" not in page(whole)


def test_curves_have_their_phases_and_forgetting_is_shown_with_two(whole: Finished) -> None:
    phases = [phase("1-a", **{"1-a": (1.0, 1.2)}), phase("2-b", **{"1-a": (1.5, 1.6), "2-b": (0.9, 0.8)})]
    text = page(finished(phases=phases))
    assert "a rising line shows forgetting" in text
    assert text.count('class="band"') >= 4
    assert "forgetting" not in page(whole)
    assert "Training loss from 6.000 to 2.000 in 3 steps; lowest validation loss 1.500 at step 3" in page(whole)


def test_the_training_curve_says_what_it_holds(whole: Finished) -> None:
    smoothed = f"training, with label smoothing {whole.settings.trainer.label_smoothing:g}"
    assert smoothed in page(whole)
    assert "label smoothing" not in page(finished("trainer.label_smoothing=0"))


def test_turns_stand_in_a_table_of_their_own(whole: Finished) -> None:
    entry = {"value": 0.25, "low": 0.0, "high": 0.5}
    models = {"base": {"label_accuracy": entry}, "tuned": {"label_accuracy": entry | {"value": 0.75}}}
    turns = [{"turn": "1", "n": 9, "models": models}, {"turn": "6 and later", "n": 4, "models": models}]
    text = page(finished(metrics={**metrics(), "by_turn": turns}))
    assert '<tr><th scope="row">6 and later</th><td>4</td><td>0.250 / 0.750</td>' in text
    assert "number of the answer" not in page(whole)


def test_items_that_were_left_out_are_told(whole: Finished) -> None:
    assert "2 test items are longer than the model&#39;s context and were left out" in page(whole)


def test_a_whole_document_is_shown_by_its_beginning_and_its_length() -> None:
    assert excerpt("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN
    assert excerpt("x" * 12_345) == f"{'x' * LONGEST_SHOWN} … (12,345)"


def test_undefined_values_are_dashes() -> None:
    made: dict[str, Any] = metrics()
    made["comparisons"]["label_accuracy"] = {"difference": None, "low": None, "high": None, "p": None}
    made["verdicts"] = []
    text = page(finished(metrics=made))
    assert "None" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL).replace("None, ", "")


def test_calibration_and_unsupported_statements_are_shown_where_they_are_measured(whole: Finished) -> None:
    made = {
        **metrics(),
        "calibration": {"base": [[9.0, 0.3, 0.2]], "tuned": [[5.0, 0.5, 0.4], [4.0, 0.9, 1.0]]},
        "unsupported": {"base": {"answers": 30, "codes": 4}, "tuned": {"answers": 30, "codes": 1}},
    }
    text = page(finished(metrics=made))
    assert '<h2 id="calibration">' in text
    assert "probability of the likeliest label" in text
    assert '<tr><th scope="row">codes</th><td class="number" data-name="base">4</td>' in text
    assert 'id="calibration"' not in page(whole)
    assert 'id="unsupported"' not in page(whole)


def test_what_the_ability_section_shows_is_no_note_too() -> None:
    made = {**metrics(), "notes": ["general ability: kept", "another"]}
    assert "general ability: kept" not in page(finished(metrics=made))
    assert "general ability: kept" in page(finished(metrics=made, ability={}))
