"""``dynamic_int8``: linear layers and embedding in int8, for our own inference on CPUs."""

from pathlib import Path

from transformers import PreTrainedModel

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.model.base import Kind
from r1tailor.model.int8 import save_int8
from r1tailor.schema.settings import Settings


class DynamicInt8:
    """int8 weights with a scale a row; activations are quantised as they come."""

    kind: Kind = "int8"
    reads_windows = True

    def write(self, model: PreTrainedModel, tokenizer: ChatTokenizer, settings: Settings, folder: Path) -> None:
        """Write ``int8.safetensors``."""
        save_int8(model, folder)
