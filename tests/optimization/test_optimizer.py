"""The optimizer: where weight decay falls, and what is refused before any model is loaded."""

from typing import Any

import pytest
import torch

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.model import load
from r1tailor.optimization.optimizer import build, optimizer_class


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_weight_decay_spares_norms_biases_and_embeddings(name: str) -> None:
    settings = config.load([f"model={name}", "strategy=full", "optimizer.weight_decay=0.02"])
    model = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    name_of = {id(parameter): key for key, parameter in model.named_parameters()}
    spared = {key for key in name_of.values() if "norm" in key or key.endswith("bias") or "embed" in key}
    groups = build(model, settings).param_groups
    assert [group["weight_decay"] for group in groups] == [0.02, 0.0]
    decayed, plain = ({name_of[id(parameter)] for parameter in group["params"]} for group in groups)
    assert (decayed, plain) == (set(name_of.values()) - spared, spared)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"target": "torch.optim.lr_scheduler.LambdaLR"}, "is not an optimizer class"),
        ({"target": "torch.optim.NoSuch"}, "torch.optim.NoSuch"),
        ({"target": "torch.optim.nowhere.Adam"}, "No module named"),
        ({"target": "torch.optim.Optimizer"}, "torch.optim.Optimizer"),  # the base class steps nowhere
        ({"target": "torch.optim.LBFGS"}, "torch.optim.LBFGS"),  # takes neither groups nor weight_decay
        ({"arguments": {"betta": 1}}, "optimizer.arguments.betta: AdamW does not take it. It takes: betas, eps"),
        ({"arguments": {"lr": 1}}, "optimizer.arguments.lr: AdamW does not take it"),
    ],
)
def test_what_is_no_optimizer_or_not_its_argument_is_refused(changed: dict[str, Any], said: str) -> None:
    settings = config.load([]).optimizer.model_copy(update={"arguments": {}} | changed)
    with pytest.raises(ConfigError) as caught:
        optimizer_class(settings)
    assert said in str(caught.value)
