"""The data files of the privacy benchmark: each states its origin, and its records are complete."""

from datetime import date

import pytest

from tests.benchmarks.privacy_sets import FOLDER, read

NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
SENTENCES = [name for name in NAMES if name not in {"names_first", "surroundings"}]
KINDS = {"given", "surname", "filler", "diagnosis", "street", "town", "district"}  # all others are sentences


@pytest.mark.parametrize("name", NAMES)
def test_a_set_states_its_origin_and_its_records_are_complete(name: str) -> None:
    found = read(name)
    assert date.fromisoformat(found.date)
    assert all((found.author, found.round, found.note))
    assert found.tuned_on is not (name == "heldout")
    assert found.records
    assert all(row["kind"] and row["language"] in {"en", "zh"} and row["text"] for row in found.records)


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_has_one_gold_surface(name: str) -> None:
    sentences = [row["text"] for row in read(name).records if row["kind"] not in KINDS]
    assert sentences
    assert all(sentence.count("{x}") == 1 for sentence in sentences)


def test_names_are_told_apart_by_culture() -> None:
    names = read("names_first")
    assert "Siobhan" in names.texts("given", "en", "Irish and Scottish")
    assert "Siobhan" not in names.texts("given", "en", "Anglo")
    assert names.texts("given", "en") == ()  # every Latin name of this set has a culture
