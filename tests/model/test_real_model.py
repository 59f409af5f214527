"""The embedded 135M model, for real: conversion, exact reload by plain peft and transformers, generation."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from r1tailor import artifact, store
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import tokenize
from r1tailor.inference.local import open_tuned
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from tests.conftest import ROOT
from tests.support.training import trained

pytestmark = pytest.mark.slow
PROMPT = Example("p", "What is the capital of France?", "", "Paris")


@pytest.fixture(scope="module")
def folder() -> Path:
    """The converted model in the cache."""
    from r1tailor import config

    load.load_tokenizer(config.load([]).model, ROOT)
    return next((store.cache_folder() / "models").glob("smollm2-*"))


def test_the_converted_model_is_whole_and_answers(folder: Path, settings: Callable[..., Settings]) -> None:
    assert store.damage(folder) is None
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = load.load_tokenizer(settings().model, ROOT)
    assert tokenizer.decode([ours.end]) == "<|im_end|>"
    prompt = ours.encode(PROMPT).prompt
    answer = model.generate(torch.tensor([prompt]), max_new_tokens=16, do_sample=False)[0, len(prompt) :]
    assert "Paris" in tokenizer.decode(answer)


def test_packed_likelihoods_equal_one_example_at_a_time(settings: Callable[..., Settings]) -> None:
    model = load.load_model(settings().model, ROOT, torch.float32, 1)
    tokenizer = load.load_tokenizer(settings().model, ROOT)
    countries = {"France": "Paris", "Italy": "Rome, the eternal city", "Japan": "Tokyo"}
    tokens = tokenize([Example(c, "Give the capital.", c, a) for c, a in countries.items()], tokenizer, 512).examples
    with torch.no_grad():
        (packed,) = pack(tokens, 512, tokenizer.end)
        together = dict(zip(packed.members, log_likelihoods(model, packed).tolist(), strict=True))
        model.set_attn_implementation("eager")
        for index, example in enumerate(tokens):
            logits = model(torch.tensor([example.prompt + example.response])).logits[0, len(example.prompt) - 1 : -1]
            alone = logits.log_softmax(-1).gather(1, torch.tensor(example.response)[:, None]).sum()
            assert together[index] == pytest.approx(float(alone), rel=1e-4)


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_what_training_saves_loads_in_plain_libraries_with_equal_logits(
    settings: Callable[..., Settings], folder: Path, tmp_path: Path, strategy: str, examples: list[Example]
) -> None:
    composed = settings(
        f"strategy={strategy}",
        "trainer.max_steps=2",
        "trainer.precision=fp32",
        "trainer.batch_size=4",
        "trainer.validation_examples=4",
        "optimizer.lr=1e-3",
    )
    metrics = trained(composed, {"train": examples[:16], "validation": examples[16:20]}, tmp_path)
    assert metrics["steps"] == 2
    saved = tmp_path / "model"
    ids = torch.tensor([load.load_tokenizer(composed.model, ROOT).encode(PROMPT).prompt])
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        before = base(ids).logits
        ours = _logits(open_tuned(artifact.read(saved), composed, ROOT).model, ids)
        if strategy == "lora":
            plain = PeftModel.from_pretrained(base, saved)(ids).logits
        else:
            plain = AutoModelForCausalLM.from_pretrained(saved, dtype=torch.float32)(ids).logits
    assert torch.equal(ours, plain)
    assert not torch.equal(before, plain)
    assert open_strategy(composed.strategy).base_dtype(torch.bfloat16) == (
        torch.bfloat16 if strategy == "lora" else torch.float32
    )


def _logits(model: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    unwrapped(model).set_attn_implementation("sdpa")
    logits: torch.Tensor = model(ids).logits
    return logits
