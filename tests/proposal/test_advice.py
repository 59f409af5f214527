"""What to train with follows from the examples, the model and the machine."""

from collections.abc import Callable
from pathlib import Path

from r1tailor.proposal.advice import Lengths, advise, max_length, shown_by
from r1tailor.proposal.tongue import Tongue
from r1tailor.records import Example
from r1tailor.schema.settings import Settings


def test_nearly_all_examples_fit_the_length(settings: Callable[..., Settings]) -> None:
    assert max_length(Lengths((100,) * 99 + (700,), exact=True), 8192) == 512
    assert max_length(Lengths((100,) * 90 + (700,) * 10, exact=True), 8192) == 1024
    assert max_length(Lengths((9000,) * 10, exact=True), 4096) == 4096


def test_the_advice_names_each_setting_with_its_reason(
    settings: Callable[..., Settings], examples: list[Example], tmp_path: Path
) -> None:
    long = [Example(e.id, e.instruction, e.input * 80, e.output) for e in examples]
    advice = advise(settings("model=tiny_llama", "trainer.precision=fp32"), long, tmp_path, Tongue("en"))
    told = {decision.what: decision for decision in advice.decisions}
    assert told["strategy"].chosen.startswith("lora")
    assert "under 100,000" in told["strategy"].why
    assert told["memory"].chosen.endswith("iB")
    assert told["time of a pass"].chosen.startswith("about")
    assert advice.overrides == ("trainer.max_length=4096",)


def test_what_a_test_can_show_is_computed() -> None:
    told = str(shown_by(90, "label_accuracy", 0.8, Tongue("en")))
    assert "90: a gain of 16 points is seen with 80 % power; 5 points want 498" in told
    assert "[0.71, 0.87]" in told
    assert "没" not in str(shown_by(4, "bleu", 0.8, Tongue("en")))
