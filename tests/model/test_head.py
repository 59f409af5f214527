"""The logits are the model's own: scaled, capped, with a bias."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from r1tailor.kernels.cross_entropy import BLOCK
from r1tailor.model.head import Head
from r1tailor.model.toy import toy_config

OWN = {"granite": {"logits_scaling": 8.0}, "cohere": {}, "gemma3_text": {"final_logit_softcapping": 3.0}, "phi": {}}
PLAIN = ("llama", "qwen2", "deepseek_v3", "mistral", "mixtral")


def causal(kind: str) -> Any:  # noqa: ANN401
    torch.manual_seed(4)
    config = toy_config(AutoConfig.for_model(kind, **OWN.get(kind, {})), 8192)
    model = AutoModelForCausalLM.from_config(config)
    torch.nn.init.normal_(model.get_output_embeddings().weight, std=0.5)
    return model


def states(model: Any, rows: int = BLOCK + 40) -> Tensor:  # noqa: ANN401
    return torch.randn(rows, model.config.hidden_size, generator=torch.Generator().manual_seed(7)).requires_grad_()


def logits_of(model: Any, hidden: Tensor) -> Tensor:  # noqa: ANN401
    """Return [S, V] what the model's own forward pass makes of [S, D] states in place of its layers' own."""

    def replaced(_: object, __: object, output: Any) -> Any:  # noqa: ANN401
        output.last_hidden_state = hidden[None]
        return output

    hook = getattr(model, model.base_model_prefix).register_forward_hook(replaced)
    ids = torch.zeros(1, len(hidden), dtype=torch.long)
    logits: Tensor = model(input_ids=ids, use_cache=False, return_dict=True).logits[0]
    hook.remove()
    return logits


@pytest.mark.parametrize("kind", [*OWN, *PLAIN])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_the_models_own_logits(kind: str, smoothing: float) -> None:
    model, labels = causal(kind), torch.randint(0, 64, (BLOCK + 40,), generator=torch.Generator().manual_seed(3))
    weight = model.get_output_embeddings().weight
    ours, theirs = states(model), states(model)
    head = Head(model)
    assert (head.weight is None) == (kind in OWN)
    loss = head.loss(ours, labels, smoothing)
    expected = F.cross_entropy(logits_of(model, theirs), labels, label_smoothing=smoothing, reduction="sum")
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0.0)
    mine = torch.autograd.grad(loss, [ours, weight])
    for one, other in zip(mine, torch.autograd.grad(expected, [theirs, weight]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(Head(model)(ours), logits_of(model, ours))


def test_whether_a_head_only_multiplies_is_asked_again_once_it_is_another_layer() -> None:
    model = causal("llama")
    assert Head(model).weight is not None
    model.lm_head = torch.nn.Sequential(model.lm_head)
    head = Head(model)
    assert head.weight is None
    torch.testing.assert_close(head(states(model)), model.lm_head(states(model)))


def test_logits_of_a_capped_head_are_not_kept_for_the_backward_pass() -> None:
    """At no time is there a number for each supervised token and each word."""
    model, kept = causal("gemma3_text"), list[int]()
    hidden = states(model, 4 * BLOCK)
    with torch.autograd.graph.saved_tensors_hooks(lambda x: (kept.append(x.numel()), x)[1], lambda x: x):
        Head(model).loss(hidden, torch.zeros(len(hidden), dtype=torch.long), 0.0)
    assert sum(kept) < hidden.shape[0] * 64
