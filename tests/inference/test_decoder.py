"""Whatever is written together is what plain ``generate`` writes for each prompt alone."""

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, MistralConfig

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.inference import decoder
from r1tailor.inference.decoder import knows
from r1tailor.inference.sampling import Sampling
from r1tailor.inference.slotted import Slotted
from r1tailor.inference.wanted import Budget
from r1tailor.kernels.attention import PACKED_ROWS
from tests.support.toy_answerers import toy
from tests.support.written import ROOM, lengths, one_by_one, prompts, together

END = 255
SMALL: dict[str, Any] = {
    "vocab_size": 256,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "bos_token_id": None,
    "eos_token_id": END,
    "pad_token_id": END,
}


def small(config: Any) -> Any:  # noqa: ANN401
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=PACKED_ROWS).eval()
    for parameter in model.parameters():
        parameter.data *= 8.0 if parameter.ndim > 1 else 1.0
    return model


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_answers_are_those_of_plain_generation_one_by_one(name: str) -> None:
    _, model, tokenizer = toy(name)
    asked, longest = prompts(30), lengths(30)
    assert knows(model)
    assert together(model, asked, longest, tokenizer.end) == one_by_one(model, asked, longest, tokenizer.end)
    assert model.config._attn_implementation == PACKED_ROWS, "put back"


@pytest.mark.parametrize(
    "config",
    [
        MistralConfig(**SMALL, sliding_window=16),
        Gemma3TextConfig(**SMALL, sliding_window=16, query_pre_attn_scalar=8, sliding_window_pattern=2),
    ],
    ids=lambda config: config.model_type,
)
def test_a_sliding_window_reaches_into_what_is_shared(config: Any) -> None:  # noqa: ANN401
    model = small(config)
    asked, longest = prompts(12, shared=(60, 90)), [20] * 12
    assert knows(model)
    assert together(model, asked, longest, END) == one_by_one(model, asked, longest, END)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: x")])
def test_out_of_memory_halves_the_budget_and_goes_on(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")
    asked, longest = prompts(20), lengths(20)
    steps, failed = [0], list[Budget]()
    step, halve = Slotted._step, Budget.halve

    def failing(self: Any) -> None:  # noqa: ANN401
        steps[0] += 1
        if steps[0] in (3, 9):
            raise error
        step(self)

    def noted(self: Budget) -> None:
        halve(self)
        failed.append(Budget(**vars(self)))

    monkeypatch.setattr(Slotted, "_step", failing)
    monkeypatch.setattr(Budget, "halve", noted)
    assert together(model, asked, longest, tokenizer.end) == one_by_one(model, asked, longest, tokenizer.end)
    assert [one.memory for one in failed] == [ROOM.memory // 2, ROOM.memory // 4]


def test_another_error_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")

    def failing(_: Any) -> None:  # noqa: ANN401
        raise RuntimeError("something else")

    monkeypatch.setattr(Slotted, "_step", failing)
    with pytest.raises(RuntimeError, match="something else"):
        together(model, prompts(3), [4] * 3, tokenizer.end)


def test_memory_that_never_suffices_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")

    def failing(_: Any) -> None:  # noqa: ANN401
        raise MemoryError("never")

    monkeypatch.setattr(Slotted, "_step", failing)
    with pytest.raises(MemoryError, match="never"):
        together(model, prompts(3), [90] * 3, tokenizer.end)


def test_models_whose_attention_is_not_computed_here_are_not_known() -> None:
    dynamic = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}
    assert not knows(small(LlamaConfig(**SMALL, rope_parameters=dynamic)))
    assert knows(small(LlamaConfig(**SMALL)))


def test_nothing_is_asked() -> None:
    _, model, tokenizer = toy("tiny_llama")
    none: list[TokenizedExample] = []
    assert decoder.answers(model, tokenizer, none, Sampling(4), ROOM, lambda *_: None, 100) == []
