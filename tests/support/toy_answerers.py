"""Toy models that answer differently to different prompts."""

from typing import Any

import torch
from transformers import PreTrainedModel

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.model import load


def toy(name: str, *overrides: str) -> tuple[Any, PreTrainedModel, ChatTokenizer]:
    """Return the settings, the model and the tokenizer of a random model."""
    small = (
        "evaluation.max_answer_tokens=9",
        "evaluation.max_reasoning_tokens=9",
        "evaluation.batch_size=3",
        "trainer.micro_batch_tokens=700",
    )
    settings = config.load([f"model={name}", *small, *overrides])
    model = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    for parameter in model.parameters():
        parameter.data *= 5.0 if parameter.ndim > 1 else 1.0  # far from uniform, so that answers depend on prompts
    return settings, model, load.load_tokenizer(settings.model, config.ROOT)


def answerer(*overrides: str) -> LocalAnswerer:
    """Return a toy model that can be asked."""
    settings, model, tokenizer = toy("tiny_llama", *overrides)
    return LocalAnswerer(model, tokenizer, settings)
