"""Recompute a tensor from what is kept anyway, so that the layers that read it need not keep it too.

A norm keeps its input normalised, a gate keeps its two factors; the layers that read their outputs would keep those as
well. An output that carries its own recipe is recomputed in the backward pass, in one pass over memory. Where that is
not enough, whole layers are recomputed from their inputs (gradient checkpointing, Chen et al. 2016).
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from r1tailor.kernels.attention import unwrapped

_ATTRIBUTE = "_r1tailor_origin"


@dataclass(frozen=True)
class Origin:
    """A tensor as a function of others; bit by bit the same each time."""

    function: Callable[..., Tensor]
    tensors: tuple[Tensor, ...]


def remember(output: Tensor, function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """Return ``output``, which equals ``function(*tensors)``, with that recipe attached."""
    setattr(output, _ATTRIBUTE, Origin(function, tuple(tensor.detach() for tensor in tensors)))
    return output


def origin_of(output: Tensor) -> Origin:
    """Return how a tensor can be recomputed: by the function remembered for it, or by keeping the tensor itself."""
    known: Origin | None = getattr(output, _ATTRIBUTE, None)
    return known or Origin(_itself, (output,))


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def recompute_layers(model: nn.Module) -> None:
    """Let each layer keep its input alone while it trains, and be computed again in the backward pass.

    Dropout draws the same elements again; loss and gradients are the same bits.
    """
    causal = unwrapped(model)
    causal.activation_checkpointing_enable({"use_reentrant": False})
    causal.disable_input_require_grads()  # only reentrant checkpoints need inputs with gradients, which cost a product
