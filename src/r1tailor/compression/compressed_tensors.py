"""``w8a8``: int8 weights, one scale a row, and int8 activations, one scale a token, as compressed-tensors stores them.

The format is that of vLLM and of transformers with the package ``compressed-tensors``: the usual folder, in which a
linear layer has ``weight`` (int8) and ``weight_scale``, and ``config.json`` says how they are to be read. No data is
needed, since activations are quantised as they come. Embedding and head stay in bf16.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from r1tailor import store
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import UserError
from r1tailor.kernels.int8 import quantised
from r1tailor.model.base import Kind
from r1tailor.model.families import fused_experts
from r1tailor.schema.settings import Settings

_HEAD = "lm_head"


class W8A8:
    """Linear layers with int8 weights and activations; the head is left out, as is usual."""

    kind: Kind = "compressed"
    reads_windows = False

    def write(self, model: PreTrainedModel, tokenizer: ChatTokenizer, settings: Settings, folder: Path) -> None:
        """Write ``config.json``, ``model.safetensors`` and the tokenizer.

        Raises:
            UserError: the model has experts that are fused parameters, which the format does not hold.
        """
        if find_spec("compressed_tensors") is None:
            raise UserError('w8a8: compressed-tensors is not installed; pip install "r1-tailor[w8a8]"')
        if experts := fused_experts(model):
            raise UserError(f"w8a8: routed experts are fused parameters here ({experts[0]}); gguf_q8_0 takes them")
        save_file(_weights(model), folder / "model.safetensors", metadata={"format": "pt"})
        described = model.config.to_dict() | {"dtype": "bfloat16", "quantization_config": _description()}
        store.write_json(folder / "config.json", described | {"architectures": [type(model).__mro__[0].__name__]})
        tokenizer.tokenizer.save_pretrained(folder)


def _weights(model: PreTrainedModel) -> dict[str, Tensor]:
    linear = {name for name, module in model.named_modules() if type(module) is nn.Linear and name != _HEAD}
    stored: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        layer, _, leaf = name.rpartition(".")
        if name == f"{_HEAD}.weight" and model.config.tie_word_embeddings:
            continue
        if layer in linear and leaf == "weight":
            weight, scale = quantised(tensor)
            stored |= {name: weight, f"{layer}.weight_scale": scale[:, None].to(torch.bfloat16)}
        else:
            stored[name] = tensor.detach().to(torch.bfloat16).contiguous()
    return stored


def _description() -> dict[str, Any]:
    """Return what readers of the format need to know."""
    common = {"num_bits": 8, "type": "int", "symmetric": True, "group_size": None, "actorder": None}
    group = {
        "targets": ["Linear"],
        "weights": common | {"strategy": "channel", "dynamic": False},
        "input_activations": common | {"strategy": "token", "dynamic": True},
        "output_activations": None,
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "global_compression_ratio": None,
        "config_groups": {"group_0": group},
        "ignore": [_HEAD],
        "kv_cache_scheme": None,
    }
