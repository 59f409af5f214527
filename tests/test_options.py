"""What the files of conf/ state, before anything is composed."""

import pytest

from r1tailor import options

CHOICES = {"trainer": "gpu", "optimizer": "adamw", "strategy": "lora", "evaluation": "walk_forward"}


def test_an_option_is_read_as_it_is_written() -> None:
    found = options.options("strategy")
    assert list(found) == ["full", "lora", "qlora"]
    assert (found["full"].file, found["full"].comment) == ("conf/strategy/full.yaml", "Every weight trains")
    assert found["lora"].values["kind"] == "lora"
    assert options.options("optimizer")["adamw"].values["lr"] == "${strategy.recommended.lr}", "nothing is followed"
    assert options.options("nothing") == {}


def test_the_composition_states_what_is_outside_the_groups() -> None:
    shipped = options.shipped()
    assert shipped.file == "conf/config.yaml"
    assert isinstance(shipped.values["seed"], int)


@pytest.mark.parametrize(
    ("key", "overrides", "expected"),
    [
        ("seed", ["seed=7", "seed=9"], ("the command line", ("9",))),
        ("trainer.micro_batch_tokens", [], ("conf/trainer/gpu.yaml", (16384,))),
        ("trainer.accelerator", ["+trainer={accelerator: cpu}"], ("conf/trainer/gpu.yaml", ("gpu",))),
        ("domain.split.test", ["domain.split={test: 0.2}"], ("the command line", ("{test: 0.2}",))),
        ("optimizer.lr", [], ("conf/optimizer/adamw.yaml", ("${strategy.recommended.lr}",))),
        ("nothing.at.all", [], None),
    ],
)
def test_a_setting_is_traced_to_where_it_is_set(
    key: str, overrides: list[str], expected: tuple[str, object] | None
) -> None:
    assert options.set_in(key, overrides, CHOICES) == expected


def test_a_setting_may_come_from_the_option_that_an_option_starts_from() -> None:
    own = options.options("evaluation")["walk_forward"].values
    inherited = next(iter(own["defaults"]))
    assert options.value_at(own, "warning") is None
    found = options.set_in("evaluation.warning", [], CHOICES)
    assert found is not None
    assert found[0] == f"conf/evaluation/{inherited}.yaml"


def test_a_dotted_path_goes_through_mappings_and_lists() -> None:
    values = {"a": [{"b": None}, {"b": 2}]}
    assert options.value_at(values, "a.1.b") == (2,)
    assert options.value_at(values, "a.0.b") == (None,), "null is a value"
    assert options.value_at(values, "") == (values,)
    for path in ("a.2.b", "a.b", "a.1.b.c", "x"):
        assert options.value_at(values, path) is None, path
