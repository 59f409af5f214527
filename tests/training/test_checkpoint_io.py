"""A checkpoint comes back exactly, or is refused by name; what was there before survives every failure."""

import os
import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from r1tailor import durable, store
from r1tailor.errors import CheckpointError
from r1tailor.training import checkpoint_io as module
from r1tailor.training.checkpoint_io import STATE, TENSORS, FolderCheckpointIO, RandomState

IO = FolderCheckpointIO()


def example(step: int = 3) -> dict[str, Any]:
    return {
        "global_step": step,
        "state_dict": {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.ones(3, dtype=torch.bfloat16)},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0), "m": torch.zeros(2, 2)}, 1: {}}}],
        "betas": (0.9, 0.999),
        "nested": {"tuple": (1, (2, None), [torch.tensor([True, False])]), 7: "seven", True: False},
        "floats": [0.1, float("inf"), float("-inf"), 1e-300, -0.0],
        "empty": {"dict": {}, "list": [], "tuple": (), "tensor": torch.empty(0, 4)},
        "types": {str(kind): torch.ones(3).to(kind) for kind in (torch.float16, torch.int8, torch.uint8, torch.int64)},
        "text": '项目 \n \u2028 "quoted"',
    }


def same(a: Any, b: Any) -> bool:  # noqa: ANN401
    """Equal in value and in type, to the bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict):
        keys = [(type(key), key) for key in a]
        return keys == [(type(key), key) for key in b] and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return a.hex() == b.hex()
    return bool(a == b)


def test_nested_state_comes_back_exactly(tmp_path: Path) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    assert same(IO.load_checkpoint(tmp_path / "last"), example())


def test_not_a_number_comes_back(tmp_path: Path) -> None:
    values = {"global_step": 1, "loss": float("nan"), "tensor": torch.tensor([float("nan"), 1.0])}
    IO.save_checkpoint(values, tmp_path / "last")
    back = IO.load_checkpoint(tmp_path / "last")
    assert back["loss"] != back["loss"]
    assert torch.isnan(back["tensor"]).tolist() == [True, False]


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.text(max_size=4) | st.integers() | st.booleans() | st.tuples(st.integers(0, 3), st.text(max_size=2))
VALUES = st.recursive(
    PLAIN | st.integers(0, 9).map(lambda n: torch.full((2,), float(n))),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_anything_plain_comes_back_exactly(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:  # noqa: ANN401
    folder = tmp_path_factory.mktemp("any") / "last"
    IO.save_checkpoint({"global_step": 0, "value": value}, folder)
    assert same(IO.load_checkpoint(folder)["value"], value)


@pytest.mark.parametrize(
    "value",
    [
        {1: torch.zeros(1), "1": torch.ones(1)},
        {"a": {"b": torch.zeros(1)}, "a/b": torch.ones(1)},
        {"__tensor__": "x"},
        {"__items__": [], "__tuple__": []},
    ],
    ids=["a number and its digits", "a path and a key like it", "a tensor's mark", "other marks"],
)
def test_keys_that_look_alike_stay_apart(tmp_path: Path, value: dict[Any, Any]) -> None:
    IO.save_checkpoint({"global_step": 0, "value": value}, tmp_path / "last")
    assert same(IO.load_checkpoint(tmp_path / "last")["value"], value)


def test_parameters_and_views_are_stored_by_value(tmp_path: Path) -> None:
    whole = torch.arange(12.0).view(3, 4)
    parameter = nn.Parameter(whole[:, 1])
    IO.save_checkpoint(
        {"global_step": 0, "row": whole.T[2], "parameter": parameter, "again": parameter}, tmp_path / "x"
    )
    back = IO.load_checkpoint(tmp_path / "x")
    assert back["row"].tolist() == [2.0, 6.0, 10.0]
    assert back["parameter"].tolist() == back["again"].tolist() == [1.0, 5.0, 9.0]


@pytest.mark.parametrize("unknown", [{1, 2}, object(), np.arange(3), b"bytes", torch.float32, lambda: None, 1j])
def test_what_is_neither_tensor_nor_plain_is_refused_by_name(tmp_path: Path, unknown: object) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    with pytest.raises(CheckpointError, match=f"cannot hold a {type(unknown).__name__} .*deep"):
        IO.save_checkpoint({"global_step": 1, "some": [{"deep": unknown}]}, tmp_path / "last")
    assert same(IO.load_checkpoint(tmp_path / "last"), example())


@pytest.mark.parametrize("name", [TENSORS, STATE])
def test_a_flipped_byte_is_found_and_the_file_named(tmp_path: Path, name: str) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    file = tmp_path / "last" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"last: {name} was changed after it was written"):
        IO.load_checkpoint(tmp_path / "last")


@pytest.mark.parametrize("name", [TENSORS, STATE])
def test_a_truncated_or_missing_file_is_found_and_named(tmp_path: Path, name: str) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    file = tmp_path / "last" / name
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match=f"{name} was changed"):
        IO.load_checkpoint(tmp_path / "last")
    file.unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        IO.load_checkpoint(tmp_path / "last")


@pytest.mark.parametrize("manifest", ["", "{", "[]", "{}", '{"files": []}', '{"files": null}'])
def test_a_damaged_manifest_is_an_error(tmp_path: Path, manifest: str) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    (tmp_path / "last" / store.MANIFEST).write_text(manifest)
    with pytest.raises(CheckpointError, match="its manifest cannot be read"):
        IO.load_checkpoint(tmp_path / "last")


def test_a_missing_manifest_means_unfinished(tmp_path: Path) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    (tmp_path / "last" / store.MANIFEST).unlink()
    with pytest.raises(CheckpointError, match="it has no manifest: it was never finished"):
        IO.load_checkpoint(tmp_path / "last")
    with pytest.raises(CheckpointError, match="nowhere"):
        IO.load_checkpoint(tmp_path / "nowhere")


def test_a_disk_that_is_too_small_is_said_and_the_old_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4000))
    with pytest.raises(CheckpointError, match=r"4,000 bytes are needed for a checkpoint, 4,000 are free"):
        IO.save_checkpoint({"global_step": 9, "big": torch.zeros(1000)}, tmp_path / "last")
    assert same(IO.load_checkpoint(tmp_path / "last"), example())
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


@pytest.mark.parametrize("what", ["tensors", "state", "manifest", "rename"])
def test_a_failing_write_leaves_the_checkpoint_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    rename = Path.replace

    def fail_late(path: Path, target: Path) -> Path:
        if path.is_dir() and path.name.endswith(".tmp"):
            fail()
        return rename(path, target)

    match what:
        case "tensors":
            monkeypatch.setattr(module, "save_file", fail)
        case "state":
            monkeypatch.setattr(os, "fsync", fail)
        case "manifest":
            monkeypatch.setattr(store, "write_manifest", fail)
        case _:
            monkeypatch.setattr(durable, "exchange", lambda *_: False)  # a system that cannot swap two folders
            monkeypatch.setattr(Path, "replace", fail_late)
    with pytest.raises(CheckpointError, match="no space left"):
        IO.save_checkpoint(example(step=4), tmp_path / "last")
    monkeypatch.undo()
    assert same(IO.load_checkpoint(tmp_path / "last"), example())
    IO.save_checkpoint(example(step=5), tmp_path / "last")
    assert IO.load_checkpoint(tmp_path / "last")["global_step"] == 5
    assert [path.name for path in tmp_path.iterdir()] == ["last"], "nothing is left behind"


def test_a_checkpoint_is_safetensors_and_json_only_and_can_be_removed(tmp_path: Path) -> None:
    IO.save_checkpoint(example(), tmp_path / "last")
    assert sorted(path.name for path in (tmp_path / "last").iterdir()) == [store.MANIFEST, STATE, TENSORS]
    assert store.read_json(tmp_path / "last" / store.MANIFEST)["step"] == 3
    IO.remove_checkpoint(tmp_path / "last")
    assert list(tmp_path.iterdir()) == []


def draw() -> tuple[list[float], list[float], list[float]]:
    random_draws = [random.random(), random.gauss(0, 1)]
    return random_draws, [float(np.random.rand()), float(np.random.normal())], torch.rand(3).tolist()


def test_the_random_generators_go_on_where_the_checkpoint_left_them(tmp_path: Path) -> None:
    random.seed(1)
    np.random.seed(2)
    draw()  # leaves a cached normal draw in python's and numpy's generators
    IO.save_checkpoint({"global_step": 1, "random": RandomState().state_dict()}, tmp_path / "last")
    expected = draw()
    assert draw() != expected
    restored = RandomState()
    restored.load_state_dict(IO.load_checkpoint(tmp_path / "last")["random"])
    restored.on_train_start(None, None)  # type: ignore[arg-type]  # it needs neither
    assert draw() == expected


def test_a_fresh_run_leaves_the_random_generators_alone() -> None:
    before = torch.get_rng_state()
    RandomState().on_train_start(None, None)  # type: ignore[arg-type]  # it needs neither
    assert torch.equal(torch.get_rng_state(), before)


def on_rank(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be one of two, whose devices have generators of their own."""
    monkeypatch.setenv("RANK", str(number))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: torch.tensor([number, 7]))


def test_trap_49_each_process_draws_for_itself_and_resumes_its_own_device(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, restored = [], []
    for number in (0, 1):
        on_rank(number, monkeypatch)
        torch.manual_seed(5)
        RandomState().on_train_start(None, None)  # type: ignore[arg-type]
        drawn.append(torch.rand(4))
    assert not torch.equal(*drawn)
    monkeypatch.setattr(module, "gathered", lambda state: [state, state.flip(0)])
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state: restored.append(state.tolist()))
    monkeypatch.setattr(torch, "set_rng_state", lambda _: None)
    state = RandomState().state_dict()
    for number in (0, 1):
        on_rank(number, monkeypatch)
        resumed = RandomState()
        resumed.load_state_dict(state)
        resumed.on_train_start(None, None)  # type: ignore[arg-type]
    assert restored == [[1, 7], [7, 1]]
