"""Our RMS norm is each architecture's own: outputs, gradients for input and weight, and untouched without gradients."""

import copy

import pytest
import torch
from transformers import AutoModelForCausalLM

from r1tailor import config
from r1tailor.kernels.rms_norm import patch_norms
from r1tailor.model import families
from r1tailor.schema.model import RandomModel


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_our_norm_has_the_outputs_and_gradients_of_the_models_own(name: str, dtype: torch.dtype) -> None:
    settings = config.load([f"model={name}"]).model
    assert isinstance(settings, RandomModel)
    plain = AutoModelForCausalLM.from_config(families.tiny_config(settings), dtype=dtype)
    ours = copy.deepcopy(plain)
    patch_norms(ours)
    patched = [key for key, module in ours.named_modules() if type(module) is not type(plain.get_submodule(key))]
    assert patched
    assert all("norm" in key for key in patched)
    bound = 1e-5 if dtype is torch.float32 else 2e-2
    for key in patched:
        mine, theirs = ours.get_submodule(key), plain.get_submodule(key)
        with torch.no_grad():
            for norm in (mine, theirs):
                norm.weight.copy_(torch.linspace(0.5, 2, len(norm.weight)))
        given = [torch.randn(1, 7, len(mine.weight), generator=torch.Generator().manual_seed(1)) for _ in range(2)]
        inputs = [(3 * x).to(dtype).requires_grad_() for x in given]
        outputs = [norm(x) for norm, x in zip((mine, theirs), inputs, strict=True)]
        torch.testing.assert_close(*outputs, rtol=bound, atol=bound)
        for output in outputs:
            (output.float() * torch.arange(7.0)[None, :, None]).sin().sum().backward()
        pairs = [(inputs[0].grad, inputs[1].grad), (mine.weight.grad, theirs.weight.grad)]
        for one, other in pairs:
            assert one is not None
            assert other is not None
            assert (one - other).norm() <= bound * other.norm()
        with torch.no_grad():
            assert torch.equal(mine(inputs[0]), theirs(inputs[0]))
