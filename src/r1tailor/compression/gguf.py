"""``gguf_f16``, ``gguf_q8_0``, ``gguf_q4_0``: one file for llama.cpp, refused where it would tokenise otherwise."""

from pathlib import Path

from transformers import PreTrainedModel

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.gguf_writer import write_gguf
from r1tailor.compression.probes import TEXTS
from r1tailor.errors import UserError
from r1tailor.inference.gguf import GgufEngine
from r1tailor.inference.gguf_answerer import FILE
from r1tailor.model.base import Kind
from r1tailor.schema.settings import Settings


class Gguf:
    """One GGUF file.

    Args:
        weight_type: of matrices: f32, f16, q8_0, q4_0.
    """

    kind: Kind = "gguf"
    reads_windows = False

    def __init__(self, weight_type: str) -> None:
        self.weight_type = weight_type

    def write(self, model: PreTrainedModel, tokenizer: ChatTokenizer, settings: Settings, folder: Path) -> None:
        """Write ``model.gguf``.

        Raises:
            UserError: the architecture or the tokenizer is not one that we export, or llama.cpp tokenises a text
                otherwise than transformers.
        """
        path, named = folder / FILE, settings.model
        name = f"{settings.domain.name} {named.name}"
        write_gguf(path, model.config, model.state_dict(), tokenizer, named.context_length, name, self.weight_type)
        engine = GgufEngine(path, context_length=256)
        try:
            different = [text for text in TEXTS if tuple(engine.tokenize(text)) != tokenizer.ids(text)]
        finally:
            engine.close()
        if different:
            raise UserError(
                f"GGUF: llama.cpp tokenises {different[0]!r} otherwise than model {named.name}'s own tokenizer"
            )
