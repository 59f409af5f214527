"""The base model and the temporal encoder: settings that cannot be meant are refused."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from tests.support.refusals import MODEL, WHOLE, faults_of

REFUSED: list[tuple[str, list[str]]] = [
    ("model.lora.rate=1", [f"model.lora.rate is not a setting of {MODEL}. Allowed: lr, target_modules"]),
    (
        "model.chat=deepsek",
        ["model.chat = 'deepsek': must be one of tokenizer, deepseek, gemma. Did you mean deepseek?"],
    ),
    (
        "temporal.tokens=65",
        [f"temporal.tokens = 65: must be less than or equal to 64 ({WHOLE})"],
    ),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ConfigError, match="heads = 3 must divide width = 64"):
        config.load(["temporal.heads=3"])
