"""A model in this process: prompts as in training, its own device, greedy and sampled answers, likelihoods."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from r1tailor import config
from r1tailor.errors import DataError
from r1tailor.inference import local
from r1tailor.inference.local import LocalAnswerer, open_base, open_tuned
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.strategy.test_lora import tuned_model
from tests.support.saved_models import saved
from tests.support.toy_answerers import answerer

LABELS = ("alpha", "beta")


def test_a_text_is_asked_with_the_instruction_of_the_task() -> None:
    model = answerer("domain.task.instruction=Name the group.")
    written = Example("e", "Name the group.", "item 7", "")
    assert model.answer(["item 7"]) == model.answer([written]) != model.answer([replace(written, instruction="")])
    assert model.rank(["item 7"], [LABELS]) == model.rank([written], [LABELS])
    (scored,) = model.score(["item 7"], ["alpha"])
    assert model.score([replace(written, output="alpha")]) == [scored]


def test_a_prompt_longer_than_the_model_reads_is_refused(examples: list[Example]) -> None:
    model = answerer("model.context_length=40", "trainer.max_length=40")
    with pytest.raises(DataError, match=r"1 prompts are longer than model tiny_llama reads \(40 tokens\): e3"):
        model.answer([examples[3]])


class Placed(Exception):
    """Weights were sent to a device."""


@pytest.mark.parametrize("which", ["base", "tuned"])
def test_weights_go_to_the_device_that_the_trainer_would_use(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config.load(["model=tiny_llama", "trainer=gpu", "seed=3"])
    found = saved(tuned_model("tiny_llama"), settings, tmp_path / "model")
    assert str(_opened(which, settings, found)._device) == "cpu", "no GPU here"
    monkeypatch.setattr(local, "_gpu_is_here", lambda: True)
    placed: list[str] = []
    move = nn.Module.to

    def recorded(module: nn.Module, *to: Any, **also: Any) -> nn.Module:  # noqa: ANN401
        if not (to and isinstance(to[0], torch.device) and to[0].type in ("cpu", "cuda")) or also:
            return move(module, *to, **also)
        placed.append(str(to[0]))
        return module

    monkeypatch.setattr(nn.Module, "to", recorded)
    _opened(which, settings, found)
    assert placed[-1] == "cuda"
    placed.clear()
    _opened(which, config.load(["model=tiny_llama", "trainer=cpu", "seed=3"]), found)
    assert placed[-1] == "cpu"


def _opened(which: str, settings: Settings, found: local.Artifact) -> LocalAnswerer:
    return open_base(settings, config.ROOT, "fp32") if which == "base" else open_tuned(found, settings, config.ROOT)
