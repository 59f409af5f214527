"""The optimizer: where weight decay falls, and what is refused before any model is loaded."""

import copy
from typing import Any

import pytest
import torch
from peft.optimizers import create_loraplus_optimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers.optimization import Adafactor

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.model import load
from r1tailor.optimization.optimizer import build, optimizer_class
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy


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


def adapted(*overrides: str) -> tuple[Settings, nn.Module]:
    settings = config.load(["model=tiny_llama", "strategy.target_modules=all_linear", *overrides])
    torch.manual_seed(2)
    return settings, open_strategy(settings.strategy).apply(
        load.load_model(settings.model, config.ROOT, torch.float32, 3)
    )


def after_steps(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_lora_plus_is_pefts() -> None:
    settings, model = adapted("strategy.variant=lora_plus", "strategy.lora_plus_ratio=8", "optimizer.lr=1e-3")
    plain = copy.deepcopy(model)
    theirs = create_loraplus_optimizer(
        plain, torch.optim.AdamW, lr=1e-3, loraplus_lr_ratio=8, loraplus_weight_decay=0.01, betas=(0.9, 0.999)
    )
    built = build(model, settings)
    assert [group["lr"] for group in built.param_groups] == [1e-3, 8e-3]
    found, wanted = after_steps(model, built), after_steps(plain, theirs)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["adafactor", "adamw_8bit"])
def test_an_optimizer_of_others_takes_the_steps_of_its_own_library(name: str) -> None:
    if name == "adamw_8bit":
        pytest.importorskip("bitsandbytes")
    settings, model = adapted(f"optimizer={name}", "optimizer.lr=1e-3", "strategy.r=128")
    plain = copy.deepcopy(model)
    weights = [parameter for parameter in plain.parameters() if parameter.requires_grad]
    if name == "adafactor":
        fixed = {"scale_parameter": False, "relative_step": False, "warmup_init": False}
        theirs: Optimizer = Adafactor(weights, lr=1e-3, weight_decay=0.01, **fixed)
    else:
        theirs = optimizer_class(settings.optimizer)(weights, lr=1e-3, weight_decay=0.01)  # type: ignore[call-arg]
    built = build(model, settings)
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    found, wanted = after_steps(model, built), after_steps(plain, theirs)
    for key, value in wanted.items():
        assert torch.equal(found[key], value), key
        assert not torch.equal(value, before[key])
    kept = sum(one.nbytes for state in built.state.values() for one in state.values() if isinstance(one, Tensor))
    trained = sum(parameter.nbytes for parameter in weights)
    assert kept < 0.75 * trained, "AdamW keeps twice the bytes of what trains"
