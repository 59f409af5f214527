"""What is longer than the context is counted before training, left out of every part or refused, and never cut."""

import json
import random
from pathlib import Path
from string import ascii_lowercase

import pytest

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import DataError
from r1tailor.model.load import AnyModel
from r1tailor.planning import tokenized_parts
from r1tailor.planning.lengths import fitting, remarks, too_long, trained_items
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.records import Example
from r1tailor.schema.domain import Reasoning, Template
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT
from tests.support.toy_run import LABELS, toy_run

SHORT, LONG = "a b c", "word " * 3000


def _settings(*overrides: str) -> Settings:
    return config.load(["domain=generic", "domain.sources.0.path=x", "model=tiny_llama", *overrides])


def _example(name: str, text: str) -> Example:
    return Example(name, "", text, "yes")


def _parts(*long: str) -> dict[str, list[Example]]:
    return {part: [_example(f"{part}-1", SHORT), *([_example(f"{part}-2", LONG)] if part in long else [])]
            for part in ("train", "validation", "test")}  # fmt: skip


def _tokens(settings: Settings, parts: dict[str, list[Example]]) -> TokenizedParts:
    return TokenizedParts(settings, ROOT, parts)


def test_the_items_of_each_part_that_are_too_long_are_counted_and_named() -> None:
    settings = _settings()
    found = too_long(settings, _tokens(settings, _parts("train", "test")))
    assert [(one.part, one.ids, one.items) for one in found] == [("train", ("train-2",), 2), ("test", ("test-2",), 2)]
    train, test = remarks(found)
    assert train.startswith(
        f"left out: 1 of 2 train items are longer than trainer.max_length = {settings.trainer.max_length:,}"
    )
    assert f"model.context_length = {settings.model.context_length:,} tokens (the longest has " in test
    assert test.endswith("): test-2")
    assert too_long(settings, _tokens(settings, _parts())) == []


def test_one_setting_stops_instead() -> None:
    stopping = _settings("+domain.task.too_long=stop")
    with pytest.raises(DataError, match=r"domain.task.too_long = stop: 1 of 2 test items .*: test-2. Shorten them"):
        too_long(stopping, _tokens(stopping, _parts("test")))


def test_a_part_of_which_nothing_fits_is_refused() -> None:
    with pytest.raises(DataError, match=r"nothing is left of test: 1 of 1 test items"):
        too_long(_settings(), _tokens(_settings(), {"train": [_example("a", SHORT)]}), {"test": [_example("b", LONG)]})


def test_what_fits_is_tested_on() -> None:
    assert [example.id for example in fitting(_settings(), ROOT, _parts("test")["test"])] == ["test-1"]


def _words(seed: int) -> list[str]:
    drawn = random.Random(seed)
    return ["".join(drawn.choices(ascii_lowercase, k=6)) for _ in range(1000)]


def test_a_run_says_so_before_training_and_is_evaluated_on_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"input": f"thing {i} of kind {i * 7919}", "output": LABELS[i % 3]} for i in range(90)]
    rows += [{"input": " ".join(_words(number)), "output": "red"} for number in range(30)]
    (tmp_path / "colours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = toy_run(tmp_path)
    said = capsys.readouterr().out
    assert said.index("train items are longer") < said.index("optimizer steps")
    left = sum(len(example.input) > 3000 for example in run.parts()["test"])
    assert left
    assert f"{left} of {len(run.parts()['test'])} test items are longer" in said
    report = (run.evaluation / "report.html").read_text(encoding="utf-8")
    assert f"{left} test items are longer than the model&#39;s context" in report
    answered = (run.evaluation / "predictions-tuned.jsonl").read_text(encoding="utf-8")
    assert not [one.id for one in run.parts()["test"] if len(one.input) > 3000 and f'"{one.id}"' in answered]


def test_whole_texts_count_by_their_windows() -> None:
    texts = [Example(f"d{n}", "", "", "A line of words.\n" * 600, fields={"kind": "text"}) for n in range(2)]
    settings = _settings("domain.task.kind=text", "domain.goals=[]", "trainer.max_length=512")
    found = trained_items(settings, _tokens(settings, {"train": texts}))
    assert found > 2 * 600 * len("A line of words.\n") // 512
    assert trained_items(_settings(), _tokens(_settings(), {"train": texts})) == 2


def test_arguments_of_the_template_count(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    opened = tokenized_parts.load.load_tokenizer

    def load_tokenizer(model: AnyModel, root: Path, template: Template, reasoning: Reasoning) -> ChatTokenizer:
        given.append(template)
        return opened(model, root, template, reasoning)

    monkeypatch.setattr(tokenized_parts.load, "load_tokenizer", load_tokenizer)
    settings = _settings("domain.task.template.date_string=today")
    too_long(settings, _tokens(settings, _parts()))
    assert given == [settings.domain.task.template]
