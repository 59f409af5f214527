"""The forms asked for are a closed list; none by default."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.compression import Compression


def test_nothing_is_asked_for_by_default() -> None:
    assert config.load([]).compression == Compression(forms=(), margin=0.02)
    assert config.load(["compression=gguf_q8_0"]).compression.forms == ("gguf_q8_0",)


def test_an_unknown_form_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"compression\.forms\.0 = .gguf_q5.: must be one of"):
        config.load(["compression.forms=[gguf_q5]"])
