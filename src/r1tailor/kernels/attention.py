"""Attention over packed rows: shared prefixes, then rectangles of examples.

Registered with transformers' ``AttentionInterface`` under ``packed_rows``: no model code is touched. Each
segment of a row attends causally to itself and wholly to the segments of its context; a sliding window counts by
position, so that it reaches back into the context as far as in each example alone. The result equals causal attention
over each example alone. The implementation is chosen by device and shape: on a GPU a row of several segments in one
fused operation; short sequences as batched matrix products, in which query heads that share a key-value head are folded
together and softmax runs in fp32; long ones through ``scaled_dot_product_attention``, which never holds all scores.

Nothing that a model asks for is ignored: a mask that is neither causal nor a sliding window is an error, and so is an
argument that changes attention and is not understood here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from r1tailor.batching.packing import MicroBatch, Segment
from r1tailor.kernels.long_attention import attend_long, fits
from r1tailor.kernels.row_attention import attend_to_row
from r1tailor.kernels.short_attention import attend_by_products

PACKED_ROWS = "packed_rows"
_LONG = 128  # positions of a sequence from which on scores are no longer held whole
_CLOSE = 1e-2  # what fp32 in a GPU's matrix units may differ by
_FEW = 2  # segments that a GPU computes one after the other; of more it computes all at once
# Arguments that models pass on and that do not change the result: what they describe lies in the segments, in the mask,
# or concerns other implementations only.
_WITHOUT_EFFECT = frozenset(
    ("position_ids", "cache_position", "use_cache", "output_attentions", "output_hidden_states", "sliding_window")
)


class UnsupportedAttentionError(ValueError):
    """A model asks for attention that packed rows do not have; the text says which."""


@dataclass(frozen=True)
class Window:
    """The mask of a layer with a sliding window: a query attends to the last ``size`` keys, its own among them."""

    size: int


def unwrapped(model: nn.Module) -> Any:  # noqa: ANN401  (transformers and peft are untyped)
    """Return the transformers model inside a peft model, or the model itself."""
    return getattr(model, "get_base_model", lambda: model)()


def layout(batch: MicroBatch) -> dict[str, tuple[Segment, ...]]:
    """Return the keyword arguments of a model's forward that describe a packed row to the attention."""
    return {"packed_segments": batch.segments}


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Window | None,
    scaling: float,
    dropout: float = 0.0,
    *,
    packed_segments: Sequence[Segment] = (),
    **options: Any,  # noqa: ANN401  (whatever a model hands on)
) -> tuple[Tensor, None]:
    """Attend within one packed row.

    Args:
        module: the attention layer (its settings are not needed here).
        query: [1, H, T, d].
        key: [1, K, T, d] with H a multiple of K.
        value: [1, K, T, e].
        attention_mask: None for causal attention, or the window; the segments define the rest.
        scaling: factor on the scores.
        dropout: probability; only 0 is supported, as in every model of the family.
        packed_segments: the row from its start on, one at least; positions after the last one are filler and get zeros.
        options: anything else a model hands on; what would change the result is an error.

    Returns:
        [1, T, H, e] and None (no weights).

    Raises:
        UnsupportedAttentionError: the model asks for what packed rows do not have.
    """
    if dropout:
        raise UnsupportedAttentionError("attention dropout is not supported over packed rows")
    if not packed_segments:
        raise UnsupportedAttentionError("the model does not hand on to its attention what a packed row holds")
    refuse_unknown(options)
    window = reach(attention_mask)
    row = query, key, value, packed_segments, scaling, window
    if query.is_cuda and len(packed_segments) > _FEW and _fused_is_exact(query.device):
        return attend_to_row(*row), None
    return by_segments(*row), None


def by_segments(
    query: Tensor, key: Tensor, value: Tensor, segments: Sequence[Segment], scaling: float, window: int | None
) -> Tensor:
    """Return [1, T, H, e] as ``packed_attention`` does, one segment after the other; filler gets zeros."""
    if all(segment.width < _LONG for segment in segments):
        return attend_by_products(query[0], key[0], value[0], segments, scaling, window)[None]
    lengths = [segment.examples * segment.width for segment in segments]
    filler = query.shape[2] - sum(lengths)
    queries, keys, values = (torch.split(tensor[0], [*lengths, filler], dim=1) for tensor in (query, key, value))
    attended = []
    for number, segment in enumerate(segments):
        context_keys, context_values = ([parts[c] for c in segment.context] for parts in (keys, values))
        attended.append(
            _by_kernel(
                queries[number], keys[number], values[number], context_keys, context_values, segment, scaling, window
            )
        )
    if filler:
        attended.append(value.new_zeros(filler, query.shape[1], value.shape[3]))
    return torch.cat(attended)[None]


@cache
def _fused_is_exact(device: torch.device) -> bool:
    """Whether the fused operation works on a device and gives what one segment after the other gives; asked once."""
    segments = (Segment(1, 40, ()), Segment(3, 30, (0,)), Segment(2, 20, (0,)))
    try:
        with torch.random.fork_rng(devices=[device]), torch.autocast(device.type, enabled=False), torch.enable_grad():
            query, key, value = (
                torch.randn(1, heads, 170, 32, device=device, requires_grad=True) for heads in (4, 2, 2)
            )
            found = [attend(query, key, value, segments, 0.2, None) for attend in (attend_to_row, by_segments)]
            gradients = [torch.autograd.grad(each.sin().sum(), (query, key, value)) for each in found]
        pairs = [found, *zip(*gradients, strict=True)]
        wrong = max(float((one - other).detach().abs().max()) for one, other in pairs)
        why = f"it differs by {wrong:.1e}" if not wrong < _CLOSE else ""
    except Exception as error:  # whatever a compiler raises
        why = f"{type(error).__name__}: {error}"[:200]
    if why:
        print(f"attention: segments are computed one after the other, not fused: {why}", flush=True)
    return not why


def _by_kernel(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    context_keys: Sequence[Tensor],
    context_values: Sequence[Tensor],
    segment: Segment,
    scaling: float,
    window: int | None,
) -> Tensor:
    """Return [E * n, H, e] from queries [H, E * n, d] over own keys [K, E * n, d] and contexts [K, P, d] each.

    The kernel never holds [E, H, n, P + n] scores.
    """
    examples, width = segment.examples, segment.width
    own_query, own_key, own_value = (
        part.reshape(part.shape[0], examples, width, -1).transpose(0, 1) for part in (query, key, value)
    )
    before = sum(part.shape[1] for part in context_keys)
    if before:
        own_key, own_value = (
            torch.cat([*(part.expand(examples, *part.shape) for part in parts), own], dim=2)
            for parts, own in ((context_keys, own_key), (context_values, own_value))
        )
    reached = window if window is not None and window < before + width else None
    attend = attend_long if fits(own_query, own_key, own_value) else _by_torch
    attended = attend(own_query, own_key, own_value, scaling, reached)
    return attended.permute(0, 2, 1, 3).reshape(examples * width, query.shape[0], -1)


def _by_torch(query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None) -> Tensor:
    """Return [E, H, n, e] from queries [E, H, n, d] over keys [E, K, P + n, d] and values [E, K, P + n, e]."""
    width, before = query.shape[2], key.shape[2] - query.shape[2]
    mask = None
    if before or window is not None:
        mask = torch.ones(width, before + width, dtype=torch.bool, device=query.device).tril(before)
    if mask is not None and window is not None:
        mask = mask.triu(before + 1 - window)
    grouped = query.shape[1] != key.shape[1]
    if grouped and mask is not None and query.is_cuda:  # no fused kernel of a GPU takes both
        key, value = (part.repeat_interleave(query.shape[1] // key.shape[1], 1) for part in (key, value))
        grouped = False
    return F.scaled_dot_product_attention(
        query, key, value, mask, is_causal=mask is None, scale=scaling, enable_gqa=grouped
    )


def row_mask(*_: Any, mask_function: Callable[..., Any], attention_mask: Any = None, **__: Any) -> Window | None:  # noqa: ANN401
    """Return what a layer's attention gets as its mask, from the function that describes it to transformers.

    Which positions belong together is left to the segments: of what transformers composes, the parts that keep packed
    sequences apart and count their positions are those that a row's segments express.

    Raises:
        UnsupportedAttentionError: the model asks for a mask that is neither causal nor a sliding window.
    """
    if attention_mask is not None:
        raise UnsupportedAttentionError("an attention mask of padding is not supported over packed rows")
    leaves = dict(_leaves(mask_function))
    if unknown := sorted(leaves.keys() - {"causal_mask_function", "packed_sequence_mask_function", _WINDOW}):
        raise UnsupportedAttentionError(f"an attention mask of kind {unknown[0]} is not supported over packed rows")
    if "causal_mask_function" not in leaves:
        raise UnsupportedAttentionError("attention that is not causal is not supported over packed rows")
    return Window(leaves[_WINDOW]["sliding_window"]) if _WINDOW in leaves else None


_WINDOW = "sliding_window_overlay"
_COMPOSED = {"and_masks": "mask_functions", "remap_positions_for_packed_sequence": "mask_function"}


def _leaves(mask_function: Callable[..., Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the name of each part that a mask is composed of, with what it closes over."""
    name = mask_function.__qualname__.partition(".")[0]
    cells = mask_function.__closure__ or ()
    held = dict(zip(mask_function.__code__.co_freevars, (cell.cell_contents for cell in cells), strict=True))
    if name not in _COMPOSED:
        return [(name, held)]
    parts = held[_COMPOSED[name]]
    return [leaf for part in (parts if isinstance(parts, tuple) else (parts,)) for leaf in _leaves(part)]


def refuse_unknown(options: dict[str, Any]) -> None:
    """Raise where an argument would change attention and is not understood."""
    if options.get("is_causal") is False:
        raise UnsupportedAttentionError("attention that is not causal is not supported over packed rows")
    for name, value in options.items():
        if value is not None and name not in _WITHOUT_EFFECT and name != "is_causal":
            raise UnsupportedAttentionError(f"attention over packed rows does not know the argument {name}")


def reach(attention_mask: Window | None) -> int | None:
    """Return how many positions back a query reaches, itself included; None for all."""
    if attention_mask is None:
        return None
    if isinstance(attention_mask, Window):
        return attention_mask.size
    raise UnsupportedAttentionError("an attention mask other than causal ones is not supported over packed rows")


def register() -> None:
    """Make ``attn_implementation="packed_rows"`` known to transformers."""
    AttentionInterface.register(PACKED_ROWS, packed_attention)
    AttentionMaskInterface.register(PACKED_ROWS, row_mask)


register()
