"""Rows of tensors that processes divide: in files of any number of processes, for any number of processes."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from r1tailor.training.divided_tensors import own, own_rows, rows_of, whole


@given(st.integers(0, 40), st.integers(1, 9))
def test_rows_are_divided_as_torch_divides_them(rows: int, processes: int) -> None:
    chunks = torch.arange(rows).chunk(processes) if rows else ()
    expected = [chunk.tolist() for chunk in chunks] + [[]] * (processes - len(chunks))
    assert [list(range(*own_rows(rows, process, processes))) for process in range(processes)] == expected


@pytest.mark.parametrize("writers", [1, 2, 3, 8])
@pytest.mark.parametrize("readers", [1, 2, 5])
def test_rows_are_read_of_however_many_files(tmp_path: Path, writers: int, readers: int) -> None:
    tensor = torch.arange(14.0).view(7, 2)
    for writer in range(writers):
        begin, end = own_rows(7, writer, writers)
        save_file({"0": tensor[begin:end].clone()}, tmp_path / f"rows-{writer}.safetensors")
    with ExitStack() as opened:
        files = [opened.enter_context(safe_open(path, "pt")) for path in sorted(tmp_path.iterdir())]
        parts = [rows_of(files, "0", *own_rows(7, reader, readers)) for reader in range(readers)]
        assert torch.cat(parts).equal(tensor)
        assert all(part.shape[1:] == (2,) for part in parts)
        with pytest.raises(ValueError, match="0 has 7 rows of 8"):
            rows_of(files, "0", 0, 8)


def test_a_tensor_that_is_not_divided_is_itself() -> None:
    tensor = torch.ones(2)
    assert whole(tensor) is tensor
    assert own(tensor) is tensor
