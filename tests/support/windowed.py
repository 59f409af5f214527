"""Examples with windows, and toy models that read them: what the tests of the temporal embedding share."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import load, temporal
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy

STEPS, CHANNELS = 10, 3
STRATEGIES = {
    "lora": ("strategy.target_modules=all_linear", "strategy.dropout=0.0"),
    "full": ("strategy=full",),
}
LABELS = ("rise", "fall", "rise again")


def window(seed: int) -> tuple[tuple[float, ...], ...]:
    numbers = random.Random(seed)
    return tuple(tuple(round(numbers.gauss(0, 1), 4) for _ in range(CHANNELS)) for _ in range(STEPS))


def windowed(count: int = 9) -> list[Example]:
    """Examples of three tasks over windows that neighbours of different tasks share; the last has none."""
    made = [
        Example(
            f"e{i}",
            f"Say what task {i % 3} asks of these numbers.",
            f"context {i}" + " and more" * (i % 4),
            LABELS[i % 3],
            series=window(i // 3),
        )
        for i in range(count - 1)
    ]
    return [*made, Example("text", "Say what task 0 asks of these numbers.", "no numbers", "fall")]


def composition(name: str = "tiny_llama", strategy: str = "lora", *more: str) -> Settings:
    return config.load([f"model={name}", *STRATEGIES[strategy], "temporal.patch=4", "temporal.width=16", *more])


def tuned(settings: Settings, seed: int = 3) -> nn.Module:
    """A model with an encoder, adapters away from zero and soft tokens away from their beginnings."""
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed)
    model = open_strategy(settings.strategy).apply(base)
    temporal.attach(model, temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), model, seed))
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "temporal" in name:
                parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


def reader(settings: Settings) -> ChatTokenizer:
    return load.load_tokenizer(settings.model, config.ROOT).with_soft_tokens(settings.temporal.tokens)


def tokens_of(settings: Settings, examples: Sequence[Example]) -> list[TokenizedExample]:
    return tokenize(examples, reader(settings), 512).examples


def alone(plain: nn.Module, example: TokenizedExample) -> Tensor:
    """Return [L, V] the logits of one example by itself: its soft tokens put in by hand, no packing."""
    causal, encoder = unwrapped(plain), temporal.encoder_of(plain)
    assert encoder is not None
    soft = iter(encoder(torch.tensor([example.series]))[0]) if example.series else iter(())
    words = causal.get_input_embeddings()
    read = [words(torch.tensor(t)) if t >= 0 else next(soft) for t in (*example.prompt, *example.response)]
    logits: Tensor = plain(inputs_embeds=torch.stack(read)[None], use_cache=False).logits[0]
    return logits


def eager(model: nn.Module) -> nn.Module:
    unwrapped(model).set_attn_implementation("eager")
    return model.eval()
