"""A local folder as a base model."""

from pathlib import Path

import pytest
import torch

from r1tailor import config
from r1tailor.errors import ModelUnavailableError
from r1tailor.model import families, load
from tests.strategy.test_lora import base_model, logits


def test_a_local_folder_is_a_base_model(tmp_path: Path) -> None:
    base_model("tiny_qwen2").save_pretrained(tmp_path / "mine")
    tokenizer = families.byte_tokenizer()
    tokenizer.chat_template = families.DEEPSEEK_CHAT_TEMPLATE
    tokenizer.save_pretrained(tmp_path / "mine")
    settings = config.load(["model=local", "model.path=mine"]).model  # relative to the project's root
    loaded = load.load_model(settings, tmp_path, torch.float32, seed=9)
    assert not loaded.training
    assert torch.equal(logits(loaded), logits(base_model("tiny_qwen2")))
    assert load.load_tokenizer(settings, tmp_path).tokenizer.chat_template == families.DEEPSEEK_CHAT_TEMPLATE
    assert load.load_config(settings, tmp_path).model_type == "qwen2"
    assert (load.public_id(settings), load.provenance(settings)["path"]) == ("mine", "mine")


def test_a_local_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    settings = config.load(["model=local", f"model.path={tmp_path}"]).model
    with pytest.raises(
        ModelUnavailableError, match=r"it has no config\.json; a folder in Hugging Face layout is needed"
    ):
        load.load_model(settings, config.ROOT, torch.float32, seed=1)
    with pytest.raises(ModelUnavailableError, match="no such folder"):
        load.load_config(config.load(["model=local", f"model.path={tmp_path}/none"]).model, config.ROOT)
