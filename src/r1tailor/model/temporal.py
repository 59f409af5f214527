"""The temporal embedding: a window of numbers becomes soft tokens that the language model reads like words.

The window is cut into patches, which a small transformer reads together; all of what it makes of them is then mixed
into k tokens (Nie et al. 2023, PatchTST, arXiv:2211.14730), and a projector takes each into the space of the model's
word embeddings, at their scale. So from the first step on every soft token says something about the whole window. The
encoder hangs on the language model as a module of its own: it trains with every strategy, and is saved next to what the
strategy saves (``model/temporal_files.py``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from r1tailor.batching.windows import Windows
from r1tailor.errors import DataError
from r1tailor.kernels.attention import unwrapped
from r1tailor.schema.model import Temporal, TemporalSize

_NAME = "temporal"  # of the encoder within the language model
_Count = Annotated[int, Field(gt=0, le=2**20)]


class EncoderShape(TemporalSize):
    """All that decides the shapes of an encoder: its size, steps T and channels C of a window, embedding width D."""

    steps: _Count
    channels: _Count
    embedding: _Count

    @property
    def patches(self) -> int:
        """How many patches a window is cut into."""
        return -(-self.steps // self.patch)


class TemporalEncoder(nn.Module):
    """[M, T, C] windows -> [M, k, D] soft tokens.

    Args:
        shape: of the window, of the encoder, of the language model.

    Attributes:
        scale: the root mean square of an output at the beginning; that of the model's word embeddings.
    """

    scale: Tensor

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.embed = nn.Linear(shape.patch * shape.channels, width)
        self.places = nn.Parameter(0.3 * torch.randn(shape.patches, width))
        self.layers = nn.Sequential(*(_layer(width, shape.heads) for _ in range(shape.layers)))
        self.mix = nn.Linear(shape.patches * width, shape.tokens * width)
        self.norm = nn.LayerNorm(width)
        self.projector = nn.Linear(width, shape.embedding)
        nn.init.normal_(self.projector.weight, std=width**-0.5)
        nn.init.zeros_(self.projector.bias)
        self.register_buffer("scale", torch.ones(()))

    def forward(self, series: Tensor) -> Tensor:
        """Return the soft tokens of windows.

        Raises:
            DataError: the windows are not of the shape that this encoder was made for.
        """
        shape = self.shape
        if series.shape[1:] != (shape.steps, shape.channels):
            raise DataError(
                f"the temporal encoder reads windows of {shape.steps} steps of {shape.channels} channels, not of "
                f"{series.shape[1]} steps of {series.shape[2]} channels: it was trained on other examples"
            )
        missing = shape.patches * shape.patch - shape.steps  # the oldest step is repeated to a whole patch
        whole = torch.cat([series[:, :1].expand(-1, missing, -1), series], dim=1).to(self.embed.weight.dtype)
        patches = self.embed(whole.reshape(len(series), shape.patches, -1)) + self.places
        mixed = self.mix(self.layers(patches).flatten(1)).view(len(series), shape.tokens, shape.width)
        soft: Tensor = self.projector(self.norm(mixed)) * self.scale
        return soft


def _layer(width: int, heads: int) -> nn.Module:
    """Return one layer; built separately each time, because copies would all start with the same weights."""
    return nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )


def new_encoder(settings: Temporal, window: tuple[int, int], model: nn.Module, seed: int) -> TemporalEncoder:
    """Return an encoder in fp32 for a language model, on its device; the global generator is left alone.

    Args:
        settings: the encoder's size.
        window: (T, C) of the windows.
        model: the language model, bare or with adapters.
        seed: decides the random weights.
    """
    words = unwrapped(model).get_input_embeddings().weight.detach()
    shape = EncoderShape(
        steps=window[0],
        channels=window[1],
        embedding=words.shape[1],
        **settings.model_dump(exclude={"lr"}),
    )
    with torch.random.fork_rng(devices=[]), torch.device(words.device):
        torch.manual_seed(seed)
        encoder = TemporalEncoder(shape).float()
    encoder.scale = words.float().square().mean().sqrt()
    return encoder


def attach(model: nn.Module, encoder: TemporalEncoder) -> None:
    """Make the encoder a part of the language model, in place of one that it may have."""
    setattr(unwrapped(model), _NAME, encoder)


def encoder_of(model: nn.Module) -> TemporalEncoder | None:
    """Return the encoder of a language model, None for one that reads text only."""
    found = getattr(unwrapped(model), _NAME, None)
    return found if isinstance(found, TemporalEncoder) else None


def soft_tokens(model: nn.Module) -> int:
    """Return as how many soft tokens a model reads a window, 0 for one that reads text only."""
    encoder = encoder_of(model)
    return 0 if encoder is None else encoder.shape.tokens


@contextmanager
def text_only(model: nn.Module) -> Iterator[TemporalEncoder | None]:
    """Take the encoder off a language model for a while, so that it saves as what transformers and peft know."""
    encoder = encoder_of(model)
    if encoder is not None:
        delattr(unwrapped(model), _NAME)
    try:
        yield encoder
    finally:
        if encoder is not None:
            attach(model, encoder)


def embeddings(model: nn.Module, ids: Tensor, windows: Windows) -> Tensor:
    """Return [B, L, D] what the language model reads: word embeddings, soft tokens in their places.

    Each window is encoded once, however often it stands there.

    Args:
        model: with an encoder.
        ids: [B, L] token ids; ids in the places of soft tokens are ignored.
        windows: their positions count through the flattened [B * L].
    """
    encoder = encoder_of(model)
    if encoder is None:
        raise ValueError("a batch with windows needs a model with a temporal encoder")
    words = unwrapped(model).get_input_embeddings()(ids)
    soft = encoder(windows.series)[windows.sources, windows.offsets].to(words.dtype)
    placed: Tensor = words.flatten(0, 1).index_copy(0, windows.positions, soft).view_as(words)
    return placed
