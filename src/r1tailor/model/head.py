"""What reads the last hidden states: the model's own code, whatever it makes of its output layer.

Some architectures scale their logits (Cohere, Granite), cap them (Gemma) or add a bias. Where a model's code only
multiplies by the weight of its output layer, the loss reads that weight itself (``kernels/cross_entropy.py``).
Everywhere else the logits are computed by the model's own forward pass, whose layers are taken as done.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint
from transformers.modeling_outputs import MoeModelOutputWithPast

from r1tailor.batching.packing import MicroBatch
from r1tailor.kernels.attention import layout, unwrapped
from r1tailor.kernels.cross_entropy import BLOCK, smoothed_cross_entropy
from r1tailor.model.temporal import embeddings

_AT_ONCE = 64  # positions whose logits exist at once where torch's own loss is taken: a few fp32 copies of them

# Operations that compute W h, views of it, or the same in another dtype.
_PRODUCT = frozenset(
    f"aten::{name}"
    for name in (
        *("linear", "matmul", "mm", "bmm", "t", "transpose", "view", "_unsafe_view", "reshape", "expand", "unsqueeze"),
        *("squeeze", "slice", "alias", "detach", "clone", "contiguous", "_to_copy"),
    )
)


def hidden_and_head(model: nn.Module, batch: MicroBatch) -> tuple[Tensor, "Head"]:
    """Return [S, D] the last hidden states that predict supervised tokens, and what reads them."""
    causal = unwrapped(model)
    backbone = getattr(causal, causal.base_model_prefix)
    if batch.windows is None:
        read = {"input_ids": batch.input_ids}
    else:
        read = {"inputs_embeds": embeddings(model, batch.input_ids, batch.windows)}
    output = backbone(**read, position_ids=batch.position_ids, use_cache=False, **layout(batch))
    return output.last_hidden_state[0].index_select(0, batch.predictors), Head(causal)


class Head:
    """The logits of one model.

    Args:
        causal: the transformers model, without peft's wrapper.

    Attributes:
        weight: [V, D] where the logits are ``hidden @ weight.T``; None where the model makes something else of them.
    """

    def __init__(self, causal: Any) -> None:  # noqa: ANN401  (transformers is untyped)
        self._causal = causal
        self._layer: nn.Module = causal.get_output_embeddings()
        self.weight = cast("Tensor", self._layer.weight) if _only_multiplies(causal, self._layer) else None

    def __call__(self, hidden: Tensor) -> Tensor:
        """Return [S, V] the logits from [S, D] hidden states."""
        return _own_logits(self._causal, hidden[None])[0] if self.weight is None else self._layer(hidden)

    def loss(self, hidden: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        """Return the scalar sum (fp32) of smoothed cross-entropy.

        No [S, V] tensor is kept, except where the head has adapters.

        Args:
            hidden: [S, D].
            labels: [S] token ids.
            smoothing: in [0, 1).
        """
        if self.weight is not None:
            return smoothed_cross_entropy(hidden, self.weight, labels, smoothing)
        if type(self._layer) is not nn.Linear:
            return self._of_block(hidden, labels, smoothing)
        blocks = zip(torch.split(hidden, BLOCK), torch.split(labels, BLOCK), strict=True)
        # Nothing is drawn at random in a plain output layer, so the generators' states need not be kept.
        options: dict[str, Any] = {"use_reentrant": False, "preserve_rng_state": False}
        losses = [checkpoint(self._of_block, *block, smoothing, **options) for block in blocks]
        return torch.stack(losses).sum()

    def token_losses(self, hidden: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        """Return [2, S] the cross-entropy (fp32) of each token, plain and smoothed; differentiable.

        For losses in which a token's weight follows from whole answers: logits are computed again for the gradient, so
        that no [S, V] tensor is kept, except where the head has adapters.

        Args: as of ``loss``.
        """
        blocks = zip(torch.split(hidden, _AT_ONCE), torch.split(labels, _AT_ONCE), strict=True)
        if self.weight is None and type(self._layer) is not nn.Linear:
            losses = [self._of_tokens(*block, smoothing) for block in blocks]
        else:
            options: dict[str, Any] = {"use_reentrant": False, "preserve_rng_state": False}
            losses = [checkpoint(self._of_tokens, *block, smoothing, **options) for block in blocks]
        return torch.cat(losses, dim=1)

    def _of_tokens(self, hidden: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        logits = self(hidden).float()
        plain = F.cross_entropy(logits, labels, reduction="none")
        smoothed = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none") if smoothing else plain
        return torch.stack([plain, smoothed])

    def _of_block(self, hidden: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        return F.cross_entropy(self(hidden).float(), labels, label_smoothing=smoothing, reduction="sum")


def _own_logits(causal: Any, hidden: Tensor) -> Tensor:  # noqa: ANN401
    """Return [1, S, V] what the model's own forward pass makes of [1, S, D] last hidden states."""
    logits: Tensor = type(causal).forward(_LayersDone(causal, hidden), inputs_embeds=hidden).logits
    return logits


class _LayersDone:
    """A model whose layers have been computed: everything but those is the model's own."""

    def __init__(self, causal: Any, hidden: Tensor) -> None:  # noqa: ANN401
        self._causal, self._hidden = causal, hidden

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return self._layers if name == self._causal.base_model_prefix else getattr(self._causal, name)

    def _layers(self, *_: object, **__: object) -> MoeModelOutputWithPast:
        return MoeModelOutputWithPast(last_hidden_state=cast("Any", self._hidden))


def _only_multiplies(causal: Any, layer: nn.Module) -> bool:  # noqa: ANN401
    """Whether a model's logits are ``W h``; looked at once for each kind of output layer that a model gets."""
    known: tuple[type, bool] | None = getattr(causal, "_head_only_multiplies", None)
    if known is None or known[0] is not type(layer):
        known = type(layer), _does(causal, layer)
        causal._head_only_multiplies = known
    return known[1]


def _does(causal: Any, layer: nn.Module) -> bool:  # noqa: ANN401
    if type(layer) is not nn.Linear or layer.bias is not None:
        return False
    hidden = layer.weight.new_zeros(1, 1, layer.weight.shape[1])
    with torch.no_grad(), torch.autocast(hidden.device.type, enabled=False), _Operations() as operations:
        _own_logits(causal, hidden)
    return operations.seen <= _PRODUCT


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Collects the names of the operations that are computed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        self.seen.add(func._schema.name)
        return func(*args, **(kwargs or {}))
