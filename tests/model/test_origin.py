"""What a base model is identified by, and its folder for plain transformers."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from r1tailor import config
from r1tailor.errors import CheckpointError
from r1tailor.inference.local import open_tuned
from r1tailor.model.origin import base_folder, base_of
from r1tailor.strategy import open_strategy
from tests.strategy.test_lora import base_model, logits, tuned_model
from tests.support.saved_models import saved
from tests.test_artifact import SETTINGS


def test_plain_peft_on_the_base_that_the_manifest_names_gives_the_same_logits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    folder, model = tmp_path / "model", tuned_model("tiny_llama")
    found = saved(model, SETTINGS, folder)
    base = base_folder(SETTINGS.model, config.ROOT, SETTINGS.seed)
    assert base.name.endswith(found.base.sha256[:12])
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folder)
    assert torch.equal(logits(plain), logits(open_tuned(found, SETTINGS, config.ROOT).model))
    assert torch.equal(logits(plain), logits(model))


def test_a_local_base_that_changed_is_noticed_at_equal_size(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    tokenizer_and_model(folder, seed=3)
    local = config.load(["model=local", f"model.path={folder}"])
    model = open_strategy(local.strategy).apply(base_model())
    found = saved(model, local, tmp_path / "model")
    assert found.base.where == {"kind": "local", "path": str(folder)}
    assert found.base.files.keys() == {"config.json", "model.safetensors"}
    open_tuned(found, local, config.ROOT)
    tokenizer_and_model(folder, seed=4)
    assert base_of(local.model, config.ROOT, 0).files.keys() == found.base.files.keys()
    with pytest.raises(CheckpointError, match=r"was trained on local \(folder .*\); the base model here is local \("):
        open_tuned(found, local, config.ROOT)


def tokenizer_and_model(folder: Path, seed: int) -> None:
    from r1tailor.model import load

    base_model(seed=seed).save_pretrained(folder)
    load.load_tokenizer(SETTINGS.model, config.ROOT).tokenizer.save_pretrained(folder)


def test_random_weights_are_identified_by_their_seed_and_size() -> None:
    base = base_of(SETTINGS.model, config.ROOT, 3)
    assert (base.name, base.where["kind"], base.where["seed"]) == ("tiny_llama", "random", 3)
    assert base_of(SETTINGS.model, config.ROOT, 3) == base
    deeper = config.load(["model=tiny_llama", "model.layers=3"]).model
    others = {base_of(SETTINGS.model, config.ROOT, 4).sha256, base_of(deeper, config.ROOT, 3).sha256}
    assert len(others | {base.sha256}) == 3
