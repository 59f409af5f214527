"""A draft is tried on the stages: what cannot be divided is, what is too much is cut, what is nothing is refused."""

import json
import os
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.commands import propose_trial
from r1tailor.commands.propose_trial import KEY, Tried, key_of_its_own, settings_of, tried
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.proposal.opened import opened
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases

_SILENT = Asker(silent=True)


def _tried(path: Path, **wishes: str) -> Tried:
    return tried(opened(str(path), Wishes(**wishes), _SILENT), _SILENT, RunFolder(path.parent / "trial"))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Dose 5 µg/kg for 2 days. Temp 38 °C. Behçet disease.", None])
def test_of_one_document_pieces_are_held_out(text: str | None, tmp_path: Path) -> None:
    long = "\n\n".join(f"Paragraph {n} tells of the {n * 7919 % 97}th visit to ward {n % 7}." for n in range(200))
    (tmp_path / "a.txt").write_text(text or long, encoding="utf-8")
    found = _tried(tmp_path / "a.txt")
    assert found.draft.passage == (20 if text else len(long) // 20)
    assert found.parts["train"]
    assert found.parts["test"]
    assert found.settings.domain.task.passage_characters == found.draft.passage


def test_many_documents_stay_whole(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(24):
        (folder / f"{n}.txt").write_text(f"Ward {n * 37 % 91} told of {n * 7919 % 997} things at {n} o'clock.", "utf-8")
    assert _tried(folder).draft.passage is None


@pytest.mark.parametrize("templated", [True, False])
def test_texts_of_one_template_lose_rows_to_the_leak_search_and_are_told_what_to_set(
    templated: bool, tmp_path: Path
) -> None:
    words = random.Random(3)
    rows = [
        {
            "instruction": "Which department?",
            "input": f"{sign} in a {who} {since}"
            if templated
            else " ".join(f"w{words.randrange(10**6)}" for _ in range(9)),
            "output": department,
        }
        for sign, department in (("numb left hand", "neurology"), ("seizure", "neurology"), ("fainting", "cardiology"))
        for who in ("child", "farmer", "pilot", "nurse", "man of 40", "woman of 63")
        for since in ("for two days", "since last spring", "after a long flight", "on and off", "at night")
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    leaks = [note for note in _tried(file).notes if note.what == "leaks"]
    assert [("split.leaks.containment" in note.why) for note in leaks] == [True] * templated
    assert all(re.search(r"removed from train \(\d\d%\)", note.chosen) for note in leaks)


@pytest.mark.parametrize(
    ("name", "content", "wishes", "said"),
    [
        ("a.txt", "\n", {}, r"no document comes of the source: .*a\.txt: there is no text in it"),
        ("a.txt", "x", {}, r"a\.txt: no domain of its own: of 1 examples none is left"),
        ("a.txt", "One.\n\nTwo.", {"way": "passages"}, "no domain of its own: all documents have one title"),
    ],
)
def test_what_bears_no_domain_is_refused_in_one_line(
    name: str, content: str, wishes: dict[str, str], said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said) as refused:
        _tried(tmp_path / name, **wishes)
    assert "\n" not in str(refused.value)


def test_of_a_large_file_the_first_records_are_tried_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propose_trial, "MOST", 30)
    found = _tried(proposal_cases.questions(tmp_path / "a.json", rows=120))
    assert sum(map(len, found.parts.values())) <= 30
    assert found.times == 4
    assert "the first 30 of about 120 records" in str(found.notes[0])


def test_in_time_only_where_that_leaves_enough_to_train_on(tmp_path: Path) -> None:
    lines = ["note,ward,date"]
    lines += [f"the same visit again number {n % 6},{'ab'[n % 2]},20{10 + n % 9}-03-01" for n in range(90)]
    lines += [f"a visit of its own {n * 7919 % 9973} for {n * 31 % 977},{'ab'[n % 2]},2019-04-01" for n in range(90)]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    found = _tried(tmp_path / "a.csv")
    assert found.settings.domain.split.by == "similarity"
    assert "not in time" in [note.what for note in found.notes]


def test_annotation_waits_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some text of a ward.", encoding="utf-8")
    found = _tried(tmp_path / "a.txt", way="annotate")
    assert (found.parts, found.settings.domain.annotation is None) == ({}, False)


def test_the_key_of_a_trial_is_always_the_same_and_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    keys = []
    for _ in range(2):
        with key_of_its_own():
            keys.append(os.environ[KEY])
    assert keys[0] == keys[1]
    assert KEY not in os.environ
    monkeypatch.setenv(KEY, "mine")
    with key_of_its_own():
        assert os.environ[KEY] == "mine"


def test_the_composition_takes_the_strategy(tmp_path: Path) -> None:
    draft = opened(str(proposal_cases.questions(tmp_path / "a.json")), Wishes(), _SILENT)
    assert settings_of(replace(draft, name="sums"), "full").strategy.kind == "full"
