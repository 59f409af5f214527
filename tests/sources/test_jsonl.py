"""Anybody's JSONL: one document a line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.schema.sources import JsonlSource
from r1tailor.sources import read

JSONL = JsonlSource(
    kind="jsonl", name="mine", path="examples.jsonl", licence="own", available_at="2020-01-01", on_damage="stop"
)


def test_a_line_of_jsonl_becomes_a_document(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    path = write_jsonl([{"input": "a", "output": "b"}, {"input": "", "output": "c", "entities": ["d"], "group": "g"}])
    first, second = read(JSONL, tmp_path, [])
    assert (first.id, first.text, first.position, first.sha256) == ("mine-1", "a", "line 1", store.sha256_file(path))
    assert first.fields == {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    assert (second.fields["entities"], second.fields["group"]) == (["d"], "g")


def test_a_byte_order_mark_and_empty_lines_are_no_fault_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").write_bytes(b'\xef\xbb\xbf{"input": "a", "output": "b"}\n\n{"input": 1}\n')
    found = read(JSONL, tmp_path, [])
    assert next(found).id == "mine-1"
    with pytest.raises(DataError, match=r"^examples\.jsonl, line 3: output is missing"):
        next(found)
