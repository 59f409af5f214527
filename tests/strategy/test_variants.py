"""Every variant and beginning of adapters is plain peft's, in training, in a saved folder and in what is made of it."""

from functools import cache
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.compression.merge import merged
from r1tailor.errors import CheckpointError, ConfigError, PreflightError
from r1tailor.kernels.lora_linear import AdaptedLinear
from r1tailor.model import load
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_tuned, open_strategy
from tests.batching.test_packing import PADDING, assert_equal, layout_of, one_by_one, packed
from tests.strategy.test_lora import base_model, logits
from tests.support.saved_models import SOME_BASE

# The settings of each, and the arguments of peft's own configuration.
KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "rslora": ("strategy.variant=rslora", {"use_rslora": True}),
    "dora": ("strategy.variant=dora", {"use_dora": True}),
    "pissa": ("strategy.variant=pissa", {"init_lora_weights": "pissa"}),
    "lora_plus": ("strategy.variant=lora_plus", {}),
    "gaussian": ("strategy.init=gaussian", {"init_lora_weights": "gaussian"}),
    "orthogonal": ("strategy.init=orthogonal", {"init_lora_weights": "orthogonal"}),
    "olora": ("strategy.init=olora", {"init_lora_weights": "olora"}),
    "pissa_niter_16": ("strategy.init=pissa_niter_16", {"init_lora_weights": "pissa_niter_16"}),
    "rslora with pissa": (
        "strategy.init=pissa strategy.variant=rslora",
        {"init_lora_weights": "pissa", "use_rslora": True},
    ),
}
MOVING = ("pissa", "olora", "pissa_niter_16", "rslora with pissa")
COMMON = ("model=tiny_llama", "strategy.target_modules=all_linear", "strategy.dropout=0.0", "strategy.r=8")


@cache
def composed(kind: str, *more: str) -> Settings:
    return config.load([*COMMON, *KINDS[kind][0].split(), *more])


def ours(kind: str) -> nn.Module:
    torch.manual_seed(5)
    return open_strategy(composed(kind).strategy).apply(base_model())


def plain_peft(kind: str) -> PeftModel:
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    wanted = LoraConfig(r=8, lora_alpha=32, target_modules=targets, task_type="CAUSAL_LM", **KINDS[kind][1])
    torch.manual_seed(5)
    base = base_model()
    base.set_attn_implementation("eager")
    return get_peft_model(base, wanted)


def moved(model: nn.Module) -> nn.Module:
    """Every trained weight moved a little, as training would."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.02 * torch.randn(parameter.shape, generator=generator)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_packed_rows_have_the_loss_and_gradients_of_plain_peft(kind: str) -> None:
    plain, examples = moved(plain_peft(kind)).train(), layout_of("nested")
    tailored = moved(ours(kind)).train()
    fast = [layer for layer in tailored.modules() if isinstance(layer, AdaptedLinear)]
    assert len(fast) == (0 if kind == "dora" else 14), "DoRA's layers are peft's own"
    assert_equal(packed(tailored, list(pack(examples, 96, PADDING)), 0.1), one_by_one(plain, examples, 0.1))


@pytest.mark.parametrize("kind", KINDS)
def test_saved_adapters_give_the_same_logits_in_plain_peft_and_merged(kind: str, tmp_path: Path) -> None:
    tuned = moved(ours(kind)).eval()
    open_strategy(composed(kind).strategy).save(tuned, tmp_path / "tuned", SOME_BASE)
    base = base_model()
    untouched = logits(base)
    plain = logits(PeftModel.from_pretrained(base_model(), tmp_path / "tuned"))
    loaded = load_tuned(base_model(), tmp_path / "tuned", "adapter", temporal=False)
    assert not torch.allclose(untouched, plain, atol=1e-2)
    assert torch.equal(logits(loaded), plain)
    near(plain, logits(tuned))
    near(logits(merged(loaded)), plain)


def near(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["dora", "pissa", "rslora with pissa", "olora"])
def test_training_goes_on_from_saved_adapters(kind: str, tmp_path: Path) -> None:
    strategy, tuned = open_strategy(composed(kind).strategy), moved(ours(kind))
    strategy.save(tuned, tmp_path / "one", SOME_BASE)
    torch.manual_seed(6)
    again = strategy.apply(base_model())
    other_rounding(again, kind)
    strategy.restore(again, tmp_path / "one")
    near(logits(again.eval()), logits(tuned.eval()))
    for one, two in zip(trained(again), trained(tuned), strict=True):
        assert torch.equal(one, two)
    strategy.save(moved(again), tmp_path / "two", SOME_BASE)
    near(logits(PeftModel.from_pretrained(base_model(), tmp_path / "two")), logits(again))


def other_rounding(model: nn.Module, kind: str) -> None:
    """Let the decomposition have come out otherwise, as it may on another machine: base and adapters still add up."""
    if kind not in MOVING:
        return
    for layer in model.modules():
        if isinstance(layer, PeftLinear):
            a, b = layer._r1tailor_moved
            scale = layer.scaling["default"]
            layer.base_layer.weight.data += scale * (b @ a - 0.9 * b @ a)
            layer._r1tailor_moved = (0.9 * a, b)


def trained(model: nn.Module) -> list[Tensor]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


@pytest.mark.parametrize(
    ("there", "here"), [("rslora", "lora_plus"), ("pissa", "rslora with pissa"), ("lora_plus", "olora")]
)
def test_adapters_of_another_form_are_not_taken_up(there: str, here: str, tmp_path: Path) -> None:
    open_strategy(composed(there).strategy).save(ours(there), tmp_path, SOME_BASE)
    with pytest.raises(CheckpointError, match=r"do not fit this composition: .* there and .* here"):
        open_strategy(composed(here).strategy).restore(ours(here), tmp_path)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["strategy.variant=pissa", "strategy.init=gaussian"], "variant = pissa does not begin with init = gaussian"),
        (["strategy.variant=dora", "strategy.init=olora"], "variant = dora does not go with init = olora"),
        (["strategy.init=orthogonal", "strategy.r=5"], "init = orthogonal needs an even r; r = 5"),
        (["strategy=qlora", "strategy.variant=pissa"], "variant = pissa changes the base's weights"),
        (["strategy=qlora", "strategy.init=olora"], "init = olora changes the base's weights"),
    ],
)
def test_what_does_not_go_together_is_refused(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.load(overrides)


def test_more_rank_than_singular_values_is_refused_before_weights_are_read() -> None:
    strategy = open_strategy(composed("pissa", "strategy.r=64").strategy)
    skeleton = load.skeleton(load.load_config(composed("pissa").model, config.ROOT))
    with pytest.raises(PreflightError, match=r"strategy\.r = 64 is more than .*_proj has singular values \(\d+\)"):
        strategy.check(skeleton, 10)
    told = open_strategy(composed("rslora with pissa").strategy).check(skeleton, 10)
    assert told[0].startswith("LoRA r=8 (rslora, pissa) on q_proj")
    strategy.apply(skeleton)  # planned, without a decomposition
