"""What is ``auto`` follows from examples, answers and model, is reported with its reason, and identifies the run."""

from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.planning.follow_data import Followed, followed, open_keys
from r1tailor.planning.preflight import refuse_early
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.training.phase_run import phase_run

GENERIC = ("domain=generic", "domain.sources.0.path=x.jsonl")
HUB = "model=r1_distill_qwen_7b"
KEYS = ("trainer.max_epochs", "trainer.validations", "optimizer.lr", "strategy.target_modules")


def _settings(*overrides: str) -> Settings:
    return config.load([*GENERIC, *overrides])


def _examples(count: int, answer: str = "label") -> list[Example]:
    return [Example(f"e{n}", "Which one?", str(n), answer) for n in range(count)]


def _followed(*overrides: str, count: int = 765, answer: str = "label") -> Followed:
    return followed(_settings(*overrides), _examples(count, answer), config.ROOT)


@pytest.mark.parametrize(("strategy", "rate"), [("full", 1.4e-4), ("lora", 1.4e-3)])
def test_windows_are_learnt_in_enough_small_steps(strategy: str, rate: float) -> None:
    composed = config.load(["domain=finance", f"strategy={strategy}"])
    answers = [Example(f"e{n}", "?", str(n), "low. Breadth narrow.") for n in range(1376)]
    found = followed(composed, answers, config.ROOT)
    assert (found.settings.trainer.batch_size, found.settings.trainer.max_steps) == (16, None)
    assert found.settings.trainer.max_epochs == 8, "688 steps: one pass in steps of 64 would be 22"
    assert found.chosen["optimizer.lr"] == pytest.approx(rate, rel=0.06)
    inherited = config.load(["domain=finance_zh", f"strategy={strategy}", "trainer.batch_size=8"])
    assert (open_keys(inherited), inherited.trainer.batch_size) == (open_keys(composed), 8)


def test_the_generic_domain_takes_auto_and_a_shipped_one_keeps_its_own_settings() -> None:
    assert open_keys(_settings(HUB)) == KEYS
    assert open_keys(_settings(HUB, "strategy=full")) == KEYS[:3]
    for domain in ("medical", "legal", "education"):
        shipped = config.load([f"domain={domain}"])
        assert open_keys(shipped) == ()
        assert followed(shipped, _examples(10), config.ROOT) == Followed(shipped, {}, ())
    assert config.load([]).trainer.max_epochs == 1


@pytest.mark.parametrize("trainer", ["cpu", "gpu"])
def test_a_trainer_that_is_chosen_keeps_auto(trainer: str) -> None:
    assert open_keys(_settings(HUB, f"trainer={trainer}")) == KEYS


def test_a_value_on_the_command_line_comes_first() -> None:
    found = _followed(HUB, "trainer.max_epochs=2", "optimizer.lr=1e-4")
    assert set(found.chosen) == {"trainer.validations", "strategy.target_modules"}
    assert found.settings.trainer.max_epochs == 2
    assert found.chosen["trainer.validations"] == 5


@pytest.mark.parametrize(
    ("overrides", "count", "answer", "passes"),
    [
        (("model=tiny_llama",), 765, "label", 7),  # 48 steps a pass, 320 wanted
        (("model=tiny_llama",), 80, "label", 30),  # 5 steps a pass: no more than 30 passes
        (("model=tiny_llama", "strategy=full"), 80, "label", 15),
        (("model=tiny_llama",), 80, "a sentence " * 10, 10),  # longer answers are memorised sooner
        (("model=tiny_llama",), 2550, "label", 2),
        (("model=tiny_llama",), 20_000, "label", 1),
        (("model=tiny_llama",), 765, "a sentence " * 10, 5),
        (("model=tiny_llama",), 765, "a text " * 200, 4),
        ((HUB,), 765, "label", 4),  # seven billion weights want half of the steps
        (("model=tiny_llama", "trainer.batch_size=64"), 765, "label", 27),
    ],
)
def test_passes_follow_from_the_steps_that_are_wanted(
    overrides: tuple[str, ...], count: int, answer: str, passes: int
) -> None:
    assert _followed(*overrides, count=count, answer=answer).chosen["trainer.max_epochs"] == passes


@pytest.mark.parametrize(
    ("overrides", "rate"),
    [
        ((HUB,), 1.9e-4),
        ((HUB, "strategy=full"), 1.9e-5),
        (("model=r1_distill_llama_70b",), 6.3e-5),
        (("model=r1",), 5e-5),
        (("model=tiny_llama",), 2e-3),
    ],
)
def test_large_models_and_full_weights_want_smaller_rates(overrides: tuple[str, ...], rate: float) -> None:
    assert _followed(*overrides).chosen["optimizer.lr"] == pytest.approx(rate, rel=0.06)


def test_early_stopping_ends_no_run_before_more_than_half_of_it_was_in_vain() -> None:
    patience = _settings(HUB).trainer.early_stopping.patience
    chosen = [_followed("model=tiny_llama", count=count).chosen["trainer.validations"] for count in (80, 300, 20_000)]
    assert chosen == [5, 5, 5]
    assert patience / max(chosen) > 1 / 2


def test_there_are_no_more_validations_than_steps() -> None:
    assert _followed("model=tiny_llama", "trainer.max_steps=2").chosen["trainer.validations"] == 2


def test_the_line_says_what_was_chosen_and_why() -> None:
    line = str(_followed("model=tiny_llama"))
    assert line.startswith(
        "settings that follow the data: trainer.max_epochs = 7 (765 examples are 48 steps a pass; 320 steps are wanted "
        "for answers of 5 characters, at most 30 passes), trainer.validations = 5 (early stopping chooses among them; "
        "3 in vain end the run), optimizer.lr = 0.002 ("
    )
    assert line.endswith("adapters), strategy.target_modules = all_linear (adapters learn most on all of them)")


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_a_run_is_refused_for_nothing_before_its_examples_are_known(model: str) -> None:
    refuse_early(_settings(f"model={model}"), config.ROOT)


def test_a_run_is_what_was_chosen_for_it(tmp_path: Path) -> None:
    parts = {"train": _examples(80), "validation": _examples(5)}
    run = phase_run(_settings("model=tiny_llama", "trainer.precision=fp32"), parts, {}, config.ROOT, tmp_path)
    composition = run.identity["composition"]
    assert composition["trainer"]["max_epochs"] == 30
    assert composition["strategy"]["target_modules"] == "all_linear"
    assert composition["optimizer"]["lr"] == run.chosen["optimizer.lr"]
    assert run.chosen["trainer.max_epochs"] == 30
    again = phase_run(_settings("model=tiny_llama", "trainer.precision=fp32"), parts, {}, config.ROOT, tmp_path)
    assert again.identity == run.identity
    named = [f"{key}={value}" for key, value in run.chosen.items()]
    spelt = phase_run(_settings("model=tiny_llama", "trainer.precision=fp32", *named), parts, {}, config.ROOT, tmp_path)
    assert spelt.identity == run.identity
