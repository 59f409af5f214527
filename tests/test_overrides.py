"""Overrides: what is refused before composing, how to quote, and the jobs of a sweep in Hydra's own order."""

import shlex

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from r1tailor import config, overrides
from r1tailor.errors import ConfigError

VALUES = [
    "病历",
    "！",
    "病历 (2024)",
    "a=b",
    "#1",
    "(x",
    "Notes [/INST]",
    "it's",
    'a "b" c',
    "a\nb",
    "/病 历/x (1).csv",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_needs_quotes_is_refused_with_the_line_that_works(value: str) -> None:
    (fault,) = overrides.check([f"domain.title={value}"], [config.CONF])[1]
    offered = fault.partition("for the shell: ")[2]
    (argument,) = shlex.split(offered)
    assert OverridesParser.create().parse_override(argument).value() == value


@pytest.mark.parametrize("text", ["strategy", "病历=1", "strategy.r=[1", "domain.title={x", "a=\udcff", "x@y:z=1"])
def test_what_quotes_do_not_mend_is_refused_without_them(text: str) -> None:
    (fault,) = overrides.check([text], [config.CONF])[1]
    assert fault.endswith(" is not an override. Write key=value, or group=option.")


def test_a_plain_value_reaches_the_schema_and_an_option_stays_one() -> None:
    checked, faults = overrides.check(["sede=1", "+seed=2", "strategy=full", "~seed", "hydra.run.dir=x"], [config.CONF])
    assert not faults
    assert [overrides.text_of(override) for override in checked] == [
        "++sede=1",
        "+seed=2",
        "strategy=full",
        "~seed",
        "hydra.run.dir=x",
    ]


@pytest.mark.parametrize(
    "line",
    [
        ["seed=1,2", "strategy=lora,full", "optimizer.lr=0.0001"],
        ["model=glob(tiny_*)", "seed=range(3,9,2)"],
        ["domain.title='a, b','c'", "seed=choice(1,2)", "++resume=true,false"],
        ["seed=1,2", "seed=3"],
        ["seed=range(0.5,2,0.5)"],
        ["seed=5"],
    ],
)
def test_jobs_are_those_of_hydras_sweeper_in_its_order(line: list[str]) -> None:
    checked, faults = overrides.check(line, [config.CONF], sweep=True)
    assert not faults
    listed, total = overrides.jobs(checked, [config.CONF], 1000)
    if "glob" in line[0]:
        known = ",".join(option for option in overrides.options("model", [config.CONF]) if option.startswith("tiny_"))
        checked, _ = overrides.check([f"model={known}", *line[1:]], [config.CONF], sweep=True)
    ((*theirs,),) = BasicSweeper.split_arguments(checked, None)
    assert [sorted([*job.composed, *job.values]) for job in listed] == [sorted(job) for job in theirs]
    assert total == len(theirs)


def test_of_a_long_sweep_each_value_comes_once() -> None:
    checked, _ = overrides.check(["seed=range(0,30)", "resume=true,false"], [config.CONF], sweep=True)
    listed, total = overrides.jobs(checked, [config.CONF], 40)
    assert total == 60
    assert {text for job in listed for text in job.swept} == {
        *(f"++seed={number}" for number in range(30)),
        "++resume=True",
        "++resume=False",
    }
    assert len(listed) == 31


def test_a_value_that_is_put_may_hold_anything_an_override_may() -> None:
    job = overrides.Job((), ("++a.b={c:[1,2]}", '++d="x=y, z"'), ())
    assert OmegaConf.to_container(job.put_into(OmegaConf.create({"a": {}}))) == {
        "a": {"b": {"c": [1, 2]}},
        "d": "x=y, z",
    }


@pytest.mark.parametrize(
    "text",
    [
        "hydra.launcher._target_=evil.Evil",
        "+hydra.launcher.x={_target_:os.mkdir,path:x}",
        "+hydra.sweeper.sampler=[{_target_:os.mkdir}]",
        "hydra/launcher=../../evil",
        "hydra/launcher=basic,basic",
        "hydra.launcher.n_jobs=1,2",
        "hydra={launcher: x}",
        "hydra.searchpath=[pkg://evil]",
    ],
)
def test_a_plug_in_may_be_set_but_not_replaced(text: str) -> None:
    with pytest.raises(ConfigError, match="Hydra's own settings"):
        overrides.check([text], [config.CONF], sweep=True)


def test_settings_of_plug_ins_are_told_from_other_settings_of_hydra() -> None:
    taken = ("hydra/launcher=a", "+hydra/sweeper/sampler=b", "hydra.launcher.x=1", "++hydra.sweeper.y=2")
    assert (
        overrides.of_plug_ins([*taken, "hydra.run.dir=x", "+hydra.callbacks.x=1", "seed=1", "~hydra.launcher.x"])
        == taken
    )
