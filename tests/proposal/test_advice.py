"""What to train with follows from the examples, the model and the machine."""

from collections.abc import Callable
from pathlib import Path

from r1tailor.proposal.advice import Lengths, advise, max_length, strategy_for
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


def test_under_a_hundred_thousand_examples_adapters_are_trained_from_there_on_all_weights(
    settings: Callable[..., Settings], examples: list[Example], tmp_path: Path
) -> None:
    assert (strategy_for(99_999), strategy_for(100_000)) == ("lora", "full")
    full = settings("model=tiny_llama", "trainer.precision=fp32", "strategy=full")
    advice = advise(full, examples, tmp_path, Tongue("en"), times=100_000)
    assert advice.overrides[0] == "strategy=full"
    (told,) = [str(decision) for decision in advice.decisions if decision.what == "strategy"]
    assert "full" in told
    assert "over 100,000" in told


def test_examples_longer_than_the_context_are_counted(
    settings: Callable[..., Settings], examples: list[Example], tmp_path: Path
) -> None:
    long = [Example(e.id, e.instruction, e.input * (4000 if n == 0 else 1), e.output) for n, e in enumerate(examples)]
    advice = advise(settings("model=tiny_llama", "trainer.precision=fp32"), long, tmp_path, Tongue("en"))
    (told,) = [str(decision) for decision in advice.decisions if decision.what == "max_length"]
    assert "are longer and left out" in told
