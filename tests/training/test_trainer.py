"""What a failure inside Lightning's loop means to the user."""

import warnings

import pytest
import torch
import torch.distributed

from r1tailor import config
from r1tailor.errors import TrainingError
from r1tailor.training.trainer import explained_failures

SETTINGS = config.load(["trainer.micro_batch_tokens=4096"])


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
    ids=["GPU", "CPU"],
)
def test_memory_that_does_not_suffice_names_the_setting(error: RuntimeError) -> None:
    with (
        pytest.raises(
            TrainingError, match=r"trainer\.micro_batch_tokens = 4,096; the last checkpoint is kept"
        ) as caught,
        explained_failures(SETTINGS),
    ):
        raise error
    assert caught.value.__cause__ is error


def test_another_process_that_ended_is_said() -> None:
    with pytest.raises(TrainingError, match="another process of this run ended"), explained_failures(SETTINGS):
        raise torch.distributed.DistError("connection closed by peer")


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory"), KeyError("x")])
def test_any_other_error_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explained_failures(SETTINGS):
        raise error
    assert caught.value is error


def test_only_lightnings_hints_are_silenced() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with explained_failures(SETTINGS):
            warnings.warn("ours", UserWarning, stacklevel=1)
            warnings.warn_explicit("a hint", UserWarning, "loops.py", 1, module="lightning.pytorch.loops")
    assert [str(each.message) for each in seen] == ["ours"]
