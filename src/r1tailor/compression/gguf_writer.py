"""A model as one GGUF file: architecture, weights (one tensor in memory at a time), tokenizer, chat template."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, LlamaFileType, quants
from torch import Tensor
from transformers import PreTrainedConfig

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.gguf_shapes import Fact, Stored, architecture, facts, stored
from r1tailor.compression.gguf_tokenizer import write_normalizer, write_tokenizer

_TYPES = {
    "f32": (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
    "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
    "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (GGMLQuantizationType.Q4_0, LlamaFileType.MOSTLY_Q4_0),
}
_EXACT = ("ffn_gate_inp.weight",)  # routers choose experts: a rounding changes which


def write_gguf(
    path: Path,
    config: PreTrainedConfig,
    weights: Mapping[str, Tensor],
    tokenizer: ChatTokenizer,
    context_length: int,
    name: str,
    weight_type: str,
) -> None:
    """Write a model.

    Args:
        path: the file.
        config: of the model.
        weights: its state by transformers' names.
        tokenizer: of the model.
        context_length: longest input, in tokens.
        name: shown by those who load it.
        weight_type: of matrices: f32, f16, q8_0, q4_0. Vectors and routers stay in f32, and a matrix whose rows are
            no multiple of a block of 32 in f16.

    Raises:
        UserError: the architecture or the tokenizer is not one that we export.
    """
    kind = architecture(config)
    wanted, file_type = _TYPES[weight_type]
    writer = GGUFWriter(path, kind)
    write_normalizer(writer, tokenizer)  # first: whoever opens the file looks for it at the beginning
    writer.add_name(name)
    writer.add_file_type(file_type)
    writer.add_quantization_version(2)
    for key, value in facts(config, context_length).items():
        _add(writer, f"{kind}.{key}", value)
    write_tokenizer(writer, tokenizer, config.vocab_size)
    tensors = [(tensor, _type(tensor, wanted)) for tensor in stored(config, weights)]
    for tensor, one in tensors:
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), _bytes(tensor.shape, one), one)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, one in tensors:
        writer.write_tensor_data(quants.quantize(tensor.values().numpy(), one))
    writer.close()


def _add(writer: GGUFWriter, key: str, value: Fact) -> None:
    match value:
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case float():
            writer.add_float32(key, value)
        case str():
            writer.add_string(key, value)


def _type(tensor: Stored, wanted: GGMLQuantizationType) -> GGMLQuantizationType:
    if len(tensor.shape) < 2 or tensor.name.endswith(_EXACT):
        return GGMLQuantizationType.F32
    block, _ = GGML_QUANT_SIZES[wanted]
    return wanted if tensor.shape[-1] % block == 0 else GGMLQuantizationType.F16


def _bytes(shape: tuple[int, ...], kind: GGMLQuantizationType) -> int:
    block, size = GGML_QUANT_SIZES[kind]
    taken: int = math.prod(shape) // block * size
    return taken
