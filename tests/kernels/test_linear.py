"""Our trained linear layers are torch's: outputs, gradients; alone, together with siblings, under recomputation."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from r1tailor.kernels.linear import TrainedLinear, patch_linears
from r1tailor.kernels.recompute import remember
from tests.kernels.test_lora_linear import Projections


class Model(nn.Module):
    """A layer of three projections and one, and a head."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.layer = Projections(bias)
        self.head = nn.Linear(24, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.layer(x))
        return logits


def pair(bias: bool) -> tuple[Model, Model]:
    torch.manual_seed(1)
    plain = Model(bias)
    ours = copy.deepcopy(plain)
    patch_linears(ours)
    return ours, plain


def inputs(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2), dtype=dtype)
    return drawn.clone().requires_grad_(), drawn.clone().requires_grad_()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("checkpointed", [True, False])
def test_patched_layers_have_the_outputs_and_gradients_of_the_plain_ones(bias: bool, checkpointed: bool) -> None:
    ours, plain = (model.double() for model in pair(bias))
    x, y = inputs(torch.float64)
    for model, given in ((ours, x), (plain, y)):
        for scale in (1, 2):  # the second call meets what the first left behind
            read = given * scale
            output = checkpoint(model, read, use_reentrant=False) if checkpointed else model(read)
            output.square().sum().backward()
    for mine, theirs in [(x, y), *zip(ours.parameters(), plain.parameters(), strict=True)]:
        assert mine.grad is not None
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-10, atol=1e-10)


def test_the_head_stays_as_it_is_and_so_does_everything_without_gradients() -> None:
    ours, plain = pair(bias=True)
    assert type(ours.head) is nn.Linear
    assert sum(type(part) is TrainedLinear for part in ours.modules()) == 4
    assert ours.state_dict().keys() == plain.state_dict().keys()
    x, _ = inputs()
    with torch.no_grad():
        assert torch.equal(ours(x), plain(x))


def test_under_autocast_outputs_are_in_its_dtype_and_gradients_in_that_of_the_weights() -> None:
    ours, plain = pair(bias=True)
    x, y = inputs()
    with torch.autocast("cpu", torch.bfloat16):
        mine, theirs = ours.layer.q_proj(x), plain.layer.q_proj(y)
    assert mine.dtype is theirs.dtype is torch.bfloat16
    assert torch.equal(mine, theirs)
    for output in (mine, theirs):
        output.float().square().sum().backward()
    layers = ours.layer.q_proj, plain.layer.q_proj
    found = [(x.grad, y.grad), *((getattr(layers[0], n).grad, getattr(layers[1], n).grad) for n in ("weight", "bias"))]
    for own, others in found:
        assert own.dtype is torch.float32
        torch.testing.assert_close(own, others, rtol=2e-2, atol=2e-2)


def test_layers_that_read_one_input_keep_it_once_and_not_at_all_where_it_can_be_had_again() -> None:
    ours, _ = pair(bias=False)
    kept: set[int] = set()

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept.add(tensor.untyped_storage().data_ptr())
        return tensor

    a, b = (part.clone() for part in inputs())
    product = remember(a * b, torch.mul, a, b)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16):
        outputs = [layer(product) for layer in (ours.layer.q_proj, ours.layer.k_proj, ours.layer.v_proj)]
    assert all(output.requires_grad for output in outputs)
    assert len(kept) == 3 + 2, "the weights in bf16 and the factors"
    assert product.untyped_storage().data_ptr() not in kept


def test_an_input_without_gradients_gets_none() -> None:
    ours, plain = pair(bias=False)
    x, _ = inputs()
    for model in (ours, plain):
        model.layer.o_proj(torch.cat([x.detach(), x.detach()], dim=-1)[..., :40]).sum().backward()
    mine, theirs = ours.layer.o_proj.weight.grad, plain.layer.o_proj.weight.grad
    assert mine is not None
    torch.testing.assert_close(mine, theirs)
