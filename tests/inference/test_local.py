"""A model in this process: prompts as in training, its own device, greedy and sampled answers, likelihoods."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import GenerationConfig

from r1tailor import config
from r1tailor.errors import DataError, UserError
from r1tailor.inference import local
from r1tailor.inference.answerer import Likelihood
from r1tailor.inference.local import LocalAnswerer, open_base, open_tuned
from r1tailor.inference.sampling import Sampling
from r1tailor.kernels.attention import unwrapped
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.evaluation.test_compare_models import toy
from tests.strategy.test_lora import tuned_model
from tests.support.saved_models import saved

LABELS = ("alpha", "beta")


def answerer(*overrides: str) -> LocalAnswerer:
    settings, model, tokenizer = toy("tiny_llama", *overrides)
    return LocalAnswerer(model, tokenizer, settings)


def test_a_text_is_asked_with_the_instruction_of_the_task() -> None:
    model = answerer("domain.task.instruction=Name the group.")
    written = Example("e", "Name the group.", "item 7", "")
    assert model.answer(["item 7"]) == model.answer([written]) != model.answer([replace(written, instruction="")])
    assert model.rank(["item 7"], [LABELS]) == model.rank([written], [LABELS])
    (scored,) = model.score(["item 7"], ["alpha"])
    assert model.score([replace(written, output="alpha")]) == [scored]


def test_nothing_asked_is_nothing_answered() -> None:
    model = answerer()
    assert (model.answer([]), model.score([]), model.rank([], [])) == ([], [], [])


def test_a_response_that_is_given_takes_the_place_of_the_reference(examples: list[Example]) -> None:
    model = answerer()
    (of_reference,), (of_given,) = model.score(examples[:1]), model.score(examples[1:2], [examples[0].output])
    assert isinstance(of_reference, Likelihood)
    assert of_given == model.score([replace(examples[1], output=examples[0].output)])[0] != of_reference


def test_the_generation_settings_of_a_folder_do_not_reach_an_answer(examples: list[Example]) -> None:
    model = answerer("evaluation.max_new_tokens=12")
    plain = model.answer(examples[:4])
    own = GenerationConfig(repetition_penalty=50.0, no_repeat_ngram_size=1, num_beams=2, min_new_tokens=11)
    unwrapped(model.model).generation_config = own
    assert model.answer(examples[:4]) == plain
    assert unwrapped(model.model).generation_config is own, "put back afterwards"


def test_sampling_follows_its_seed_and_leaves_the_global_generator_alone(examples: list[Example]) -> None:
    model = answerer()
    drawn = Sampling(max_new_tokens=12, temperature=1.5, seed=1)
    state = torch.get_rng_state()
    first, again = model.answer(examples[:3], drawn), model.answer(examples[:3], drawn)
    assert first == again
    assert torch.equal(torch.get_rng_state(), state)
    assert first != model.answer(examples[:3], replace(drawn, seed=2))
    assert first != model.answer(examples[:3], replace(drawn, temperature=0.0))


def test_a_tiny_nucleus_is_greedy(examples: list[Example]) -> None:
    model = answerer()
    nucleus = Sampling(temperature=1.0, top_p=1e-6, seed=3)
    assert model.answer(examples[:3], nucleus) == model.answer(examples[:3])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": -0.1}, r"temperature = -0.1: must be from 0 \(greedy\) to 10"),
        ({"temperature": float("nan")}, "temperature = nan"),
        ({"top_p": 0.0}, "top_p = 0: must be above 0, and 1 at most"),
        ({"max_new_tokens": 0}, "max_new_tokens = 0: must be 1 or more"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_sampling_out_of_range_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Sampling(**values)


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
