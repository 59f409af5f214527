"""Base models from folders, the hub and random weights."""

from pathlib import Path

import huggingface_hub
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from r1tailor import config
from r1tailor.errors import ModelUnavailableError
from r1tailor.model import load
from tests.strategy.test_lora import base_model, logits


def test_random_weights_follow_the_seed_and_leave_the_generator_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (logits(base_model(seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", sorted(path.stem for path in (config.CONF / "model").glob("*.yaml")))
def test_every_model_of_the_family_can_be_composed(name: str) -> None:
    path = ["model.path=somewhere"] if name == "local" else []
    assert config.load([f"model={name}", *path]).model.name == name


def test_a_hub_model_that_cannot_be_had_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("Cannot find an appropriate cached\nsnapshot. More. More.")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    settings = config.load(["model=r1_distill_qwen_1_5b"]).model
    for read in (load.load_tokenizer, load.load_config):
        with pytest.raises(ModelUnavailableError) as caught:
            read(settings, config.ROOT)
        said = str(caught.value)
        assert "\n" not in said
        assert "hf download deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B" in said
        assert "LocalEntryNotFoundError: Cannot find an appropriate cached snapshot" in said


def test_r1s_chat_format_is_refused_on_a_tokenizer_without_its_tokens(tmp_path: Path) -> None:
    """Its marks would be ordinary text to the model."""
    inner = Tokenizer(models.WordLevel({"a": 0, "<end>": 1, "?": 2}, unk_token="?"))
    inner.add_special_tokens(["<end>"])
    inner.add_tokens(["<think>", "</think>"])
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>").save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    settings = config.load(["model=local", f"model.path={tmp_path}", "model.chat=deepseek"]).model
    with pytest.raises(ModelUnavailableError, match=r"^model\.chat = deepseek: .* has no tokens <｜User｜>, "):
        load.load_tokenizer(settings, config.ROOT)
