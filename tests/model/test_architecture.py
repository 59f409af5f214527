"""Architectures and flags as users bring them: exact, or refused by name; the documentation holds the same table."""

from typing import Any

import pytest
from transformers import AutoConfig

from r1tailor.model.architecture import static_fault, training_fault
from tests.support.architectures import CASES, PAGES, on_page, table


def test_every_architecture_is_exact_or_refused_by_name_and_the_documentation_has_the_table() -> None:
    """The probe is asked about every row that the configuration alone does not refuse: none is silently wrong."""
    found = {case: case.found() for case in CASES}
    wrong = {
        case.title: why
        for case, why in found.items()
        if bool(why) != bool(case.refused) or case.refused not in str(why)
    }
    assert not wrong
    assert len(CASES) >= 45
    assert sum(why is None for why in found.values()) >= 45
    assert all("\n" not in why for why in found.values() if why)
    for language in PAGES:
        said = f"docs/{language}/architectures.md is not current: python -m tests.support.architectures"
        assert on_page(language) == table(found, language), said


def config_of(kind: str, **flags: Any) -> Any:  # noqa: ANN401
    return AutoConfig.for_model(kind, **flags)


@pytest.mark.parametrize(
    ("config", "length", "said"),
    [
        (config_of("llama"), 8192, None),
        (config_of("gpt_neo"), 256, None),  # its local attention reaches everything
        (config_of("gpt_neo"), 257, "attention by window_size = 256 below model.context_length = 257"),
        (config_of("gemma3_text"), 8192, None),
        (config_of("llama", rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}), 2048, None),
        (
            config_of("llama", rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}),
            2049,
            "model.context_length=2048 trainer.max_length=2048 at most",
        ),
    ],
)
def test_lengths_decide(config: Any, length: int, said: str | None) -> None:  # noqa: ANN401
    found = static_fault(config, length)
    assert found == said if said is None else said in str(found)


def test_what_cannot_train_may_be_asked() -> None:
    config = config_of("llama", quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    assert static_fault(config, 8192) is None
    assert training_fault(config, "lora") is None
    assert "its weights are quantised (bitsandbytes)" in str(training_fault(config, "full"))
