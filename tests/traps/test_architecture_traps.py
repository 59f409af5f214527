"""Traps 33, 47 and 52: kernels for one family fed with another, router losses, weights in 4 bits.

Each support is taken out again, and the probe has to see it.
"""

from typing import Any

import pytest
import torch
from torch import nn
from transformers import AttentionMaskInterface, AutoConfig, MixtralConfig

from r1tailor import config
from r1tailor.errors import PreflightError
from r1tailor.inference import local
from r1tailor.kernels import attention
from r1tailor.kernels.attention import PACKED_ROWS, UnsupportedAttentionError
from r1tailor.model import architecture, gate, head, probe
from r1tailor.model.toy import toy_config
from tests.traps.shown import shown


def check(kind: str, **flags: Any) -> None:  # noqa: ANN401
    """A packed row is what plain transformers computes, or its attention is refused."""
    toy = toy_config(AutoConfig.for_model(kind, **flags), 8192)
    try:
        found = probe.difference(toy)
    except UnsupportedAttentionError:
        return
    assert found is None, f"a packed row is wrong: {found}"


# --- 33: a kernel for one family fed with another ----------------------------------------------------------------


def bare_head(patched: pytest.MonkeyPatch) -> None:
    """The loss from the weight of the output layer, whatever the model makes of the product."""
    patched.setattr(head, "_does", lambda _, layer: type(layer) is nn.Linear)


def arguments_swallowed(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(attention, "refuse_unknown", lambda _: None)


def masks_swallowed(patched: pytest.MonkeyPatch) -> None:
    patched.setitem(AttentionMaskInterface._global_mapping, PACKED_ROWS, lambda *_, **__: None)


def windows_over_rows(patched: pytest.MonkeyPatch) -> None:
    """Windows over what an example does not share, as if it began there."""
    right = attention.attend_by_products
    patched.setattr(attention, "attend_by_products", lambda *parts: right(*parts[:-1], None))


@pytest.mark.parametrize(
    ("kind", "flags", "fault"),
    [
        ("granite", {"logits_scaling": 8.0}, bare_head),
        ("cohere", {}, bare_head),
        ("minicpm3", {}, bare_head),
        ("gemma3_text", {"final_logit_softcapping": 30.0}, bare_head),
        ("phi", {}, bare_head),
        ("gpt_oss", {}, arguments_swallowed),
        ("gemma2", {}, arguments_swallowed),
        ("mistral", {"sliding_window": 4096}, masks_swallowed),
        ("mistral", {"sliding_window": 4096}, windows_over_rows),
        ("gemma3_text", {}, masks_swallowed),
    ],
)
def test_trap_33_each_support_taken_out_is_seen(kind: str, flags: dict[str, Any], fault: Any) -> None:  # noqa: ANN401
    shown(lambda: check(kind, **flags), fault, "a packed row is wrong: the (loss|gradient)")


def test_trap_33_a_rotary_embedding_that_depends_on_the_longest_example_differs_where_it_is_crossed() -> None:
    """What is refused by its length is wrong indeed."""
    toy = toy_config(AutoConfig.for_model("llama"), 8192)
    toy.rope_parameters = {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4}
    assert probe.difference(toy) is None
    toy.max_position_embeddings = 64
    assert probe.difference(toy) is not None


@pytest.mark.parametrize("kind", ["qwen3_next", "jamba"])
def test_trap_33_layers_that_carry_a_state_are_refused(kind: str) -> None:
    assert "linear-attention layers" in str(gate.fault(AutoConfig.for_model(kind), 4096))


# --- 47: router losses -------------------------------------------------------------------------------------------


def test_trap_47_a_router_loss_that_would_not_be_added_is_refused() -> None:
    def refused() -> None:
        settings = config.load(["model=tiny_llama", "domain=medical"])
        with pytest.raises(PreflightError, match="output_router_logits is true"):
            gate.check(MixtralConfig(output_router_logits=True), settings)

    def not_asked(patched: pytest.MonkeyPatch) -> None:
        patched.setattr(gate, "training_fault", lambda *_: None)

    shown(refused, not_asked, "DID NOT RAISE")


# --- 52: weights in 4 bits ---------------------------------------------------------------------------------------


class InFourBits(nn.Linear):
    """Weights that cannot be cast, as transformers' quantised models."""

    is_quantized = True

    def to(self, *wanted: Any, **more: Any) -> "InFourBits":  # noqa: ANN401
        if any(isinstance(one, torch.dtype) for one in (*wanted, *more.values())):
            raise ValueError("`.to` is not supported for `4-bit` models")
        return super().to(*wanted, **more)


def test_trap_52_a_model_in_four_bits_is_evaluated_without_a_cast() -> None:
    settings = config.load(["model=tiny_llama", "domain=medical"])
    placed = local._placed(InFourBits(2, 2), torch.bfloat16, settings)
    assert placed.weight.dtype == torch.float32
    assert not placed.training
    assert local._placed(nn.Linear(2, 2), torch.bfloat16, settings).weight.dtype == torch.bfloat16


def test_trap_52_full_weights_of_a_model_in_four_bits_are_refused() -> None:
    described = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    found = architecture.training_fault(AutoConfig.for_model("llama", quantization_config=described), "full")
    assert "its weights are quantised (bitsandbytes) and cannot train" in str(found)
