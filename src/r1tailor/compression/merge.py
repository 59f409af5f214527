"""``merge``: adapters added into the base's weights, in fp32; a folder in Hugging Face layout.

Of a base in 4 bits the weights are restored first: rounded to 4 bits again, most of what was learned would be lost.
"""

from pathlib import Path

from peft import PeftModel
from torch import nn
from transformers import PreTrainedModel

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.kernels.attention import unwrapped
from r1tailor.model.base import Kind
from r1tailor.model.four_bit import has_four_bits, restore_whole_weights
from r1tailor.schema.settings import Settings


class Merge:
    """Full weights of a model that was trained with adapters."""

    kind: Kind = "full"
    reads_windows = True

    def write(self, model: PreTrainedModel, tokenizer: ChatTokenizer, settings: Settings, folder: Path) -> None:
        """Write ``config.json``, ``model.safetensors`` and the tokenizer."""
        model.save_pretrained(folder)
        tokenizer.tokenizer.save_pretrained(folder)


def merged(model: nn.Module) -> PreTrainedModel:
    """Return a tuned model with its adapters added into its weights; full weights stay as they are."""
    if has_four_bits(model):
        restore_whole_weights(model, unwrapped(model))
    whole = model.merge_and_unload() if isinstance(model, PeftModel) else model
    assert isinstance(whole, PreTrainedModel)
    return whole
