"""What ``forms`` calls a GGUF form: one file of the given type; the tokenizer's check is in ``test_forms.py``."""

from pathlib import Path

from gguf import GGUFReader

from r1tailor.compression.gguf import Gguf
from tests.support.shapes import SHAPES, tokenizer, toy
from tests.support.toy_run import toy_settings


def test_the_file_names_domain_and_model_and_its_context(tmp_path: Path) -> None:
    settings = toy_settings(tmp_path, "model.context_length=128")
    Gguf("q8_0").write(toy(SHAPES["llama"]), tokenizer(), settings, tmp_path)
    fields = GGUFReader(tmp_path / "model.gguf").fields
    assert fields["general.name"].contents() == "colours tiny_llama"
    assert fields["llama.context_length"].contents() == 128
    assert not Gguf("q8_0").reads_windows
