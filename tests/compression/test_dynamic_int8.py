"""What ``forms`` calls the int8 form: the file of ``model/int8.py``, next to which an encoder may stand."""

from pathlib import Path

from r1tailor.compression.dynamic_int8 import DynamicInt8
from r1tailor.model.int8 import WEIGHTS
from tests.support.shapes import SHAPES, tokenizer, toy
from tests.support.toy_run import toy_settings


def test_it_writes_one_file_of_weights(tmp_path: Path) -> None:
    folder = tmp_path / "form"
    folder.mkdir()
    DynamicInt8().write(toy(SHAPES["llama"]), tokenizer(), toy_settings(tmp_path), folder)
    assert [path.name for path in folder.iterdir()] == [WEIGHTS]
    assert DynamicInt8().reads_windows
