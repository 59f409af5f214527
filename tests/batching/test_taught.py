"""The file of a teacher's distributions: read back as written, refused where it is damaged or of other examples."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from r1tailor.batching.taught import Taught, Teachings, facts_of, write_taught
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import DataError

EXAMPLES = [TokenizedExample(f"e{i}", (1, 2), tuple(range(5, 6 + i))) for i in range(7)]


def written(path: Path) -> list[Taught]:
    torch.manual_seed(1)
    made = []
    for example in EXAMPLES:
        count = len(example.response)
        made.append(Taught(torch.randint(0, 60_000, (count, 3)), -9 * torch.rand(count, 3), -torch.rand(count)))
    write_taught(path, {"teacher": "abc", "temperature": "1.0"}, 3, zip(EXAMPLES, made, strict=True), group=2)
    return made


def test_distributions_come_back_in_any_order_in_fp16(tmp_path: Path) -> None:
    made = written(tmp_path / "p.parquet")
    found, wanted = Teachings(tmp_path / "p.parquet").of([EXAMPLES[5], EXAMPLES[0]]), (made[5], made[0])
    assert torch.equal(found.ids, torch.cat([one.ids for one in wanted]))
    assert torch.equal(found.log_probabilities, torch.cat([one.log_probabilities for one in wanted]).half())
    assert torch.equal(found.rest, torch.cat([one.rest for one in wanted]))
    assert facts_of(tmp_path / "p.parquet") == {"teacher": "abc", "temperature": "1.0", "top_k": "3"}


def test_another_response_and_an_unknown_example_are_refused_by_name(tmp_path: Path) -> None:
    written(tmp_path / "p.parquet")
    found = Teachings(tmp_path / "p.parquet")
    for other in (replace(EXAMPLES[3], response=(9, 9)), replace(EXAMPLES[3], id="e99")):
        with pytest.raises(DataError, match=f"not asked about the response of example {other.id}"):
            found.of([other])


def test_a_damaged_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    with pytest.raises(DataError, match="cannot be read"):
        Teachings(path)
    assert facts_of(path) == {}
    written(path)
    whole, sound = path.read_bytes(), Teachings(path).of(EXAMPLES)
    refused = 0
    for place in range(0, len(whole), 23):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            found = Teachings(path).of(EXAMPLES)
            assert all(torch.equal(a, b) for a, b in zip(vars(found).values(), vars(sound).values(), strict=True)), (
                place
            )
        except DataError:
            refused += 1
    assert refused > 20
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        Teachings(path)
