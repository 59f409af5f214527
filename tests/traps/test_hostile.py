"""Trap 31: hostile settings. None runs a program, none writes elsewhere, each ends in one clear error.

``test_hostile_yaml.py`` has YAML files, Hydra's own settings and the command line; ``test_hostile_files.py``,
``test_hostile_material.py``, ``test_hostile_models.py``, ``test_hostile_adapters.py`` have what their names say. What
our code does not withstand yet is marked as a hole, and has to fail until it is mended.
"""

import pickle
import subprocess
from functools import cache
from typing import Any

import pytest
from torch import nn

from r1tailor import config, runs
from r1tailor.errors import UserError
from r1tailor.optimization.optimizer import build, optimizer_class
from r1tailor.registry.goals import verdicts
from r1tailor.schema.domain import Goal
from r1tailor.schema.settings import Settings
from tests.traps.danger import Harm, Place, case

SECRET = "hunter2-of-the-environment"
LONG = "x" * 100_000


@cache
def plain() -> Settings:
    """Return the default composition, to put one hostile value into."""
    return config.load([])


def test_harm_is_noticed(place: Place) -> None:
    """The guard of every case below fails for a program that runs and for a file that is written elsewhere."""
    with pytest.raises(Harm, match="a program was run"), place.refused():
        pickle.loads(place.pickled())
    place.canary.rmdir()
    with pytest.raises(Harm, match="was read"), place.refused():
        place.secret.read_text("utf-8")
    with pytest.raises(Harm, match="a program was run"), place.refused():
        subprocess.run(["true"], check=True)
    with pytest.raises(Harm, match="written outside"), place.refused():
        place.outside.write_text("mine")
    with pytest.raises(Harm, match="written outside"), place.refused():
        (place.folder / "new").symlink_to(place.zone)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), place.refused():
        (place.zone / "allowed").touch()


# --- a value anywhere --------------------------------------------------------------------------------------------

OVERRIDES = [
    case("model._target_=os.system"),
    case("_target_=subprocess.Popen"),
    case("domain.task._target_=builtins.eval"),
    case("+trainer.callbacks=[{_target_:os.system,command:ls}]"),
    case("+strategy={_target_:torch.hub.load,_args_:[evil/repo,evil]}"),
    case("optimizer.arguments.betas={_target_:os.system}"),
    case("optimizer._target_=os.system"),
    case("optimizer._target_=subprocess.Popen"),
    case("optimizer._target_=builtins.eval"),
    case("optimizer._target_=torch.hub.load"),
    case("optimizer._target_=importlib.import_module"),
    case("optimizer._target_=torch.optim_evil.AdamW"),
    case("domain.name=../../x"),
    case("domain.name=/etc/passwd"),
    case("model.name=../../../x"),
    case("domain.sources.0.name=../../../etc"),
    case("domain.title=${oc.decode:'{a: 1}'}"),
    case("domain.title=${oc.dict.values:trainer}"),
    case("domain.title=${hydra:runtime.cwd}"),
    case("domain.title=${nonesuch:rm}"),
    case("domain.title=${os.system:ls}"),
    case("seed=${seed}"),
    case("seed=-1"),
    case("seed=1e400"),
    case("optimizer.lr=nan"),
    case("optimizer.weight_decay=-.inf"),
    case("strategy.r=99999999999999999999"),
    case("domain.split.similarity=nan"),
    case("hydra/launcher=../../evil"),
    case("seed=1000000000000000000000000"),
    case("seed=" + "9" * 5000, id="5,000 digits"),
    case("seed=0x" + "f" * 5000, id="5,000 hexadecimal digits"),
    case("strategy.alpha=inf"),
    case("trainer.early_stopping.min_delta=inf"),
    case("domain.goals=[{metric:bleu,at_least:nan,why:x}]"),
    case("domain.title=" + "{a:" * 300 + "1" + "}" * 300, id="nested 300 deep"),
    case("domain.title=${${a}:TOKEN}"),
    case("domain.title=${oc.${a}:TOKEN}"),
    case("output='a\0b'", id="null byte"),
    case("output=" + LONG, id="a long path"),
    case("optimizer._target_=torch.optim.__init__.AdamW"),
    case("optimizer._target_=torch.optim." + "a." * 5000 + "b", id="a long import path"),
]


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_hostile_value_is_refused_when_it_is_composed(override: str, place: Place) -> None:
    with place.refused():
        config.load([override])


def test_two_values_that_lead_to_each_other_are_refused(place: Place) -> None:
    with place.refused("Recursive interpolation"):
        config.load(["seed=${resume}", "resume=${seed}"])


def test_a_toy_model_of_a_thousand_million_layers_is_refused_before_it_is_built(place: Place) -> None:
    with place.refused():
        config.load(["model=tiny_llama", "model.layers=1000000000"])


@pytest.mark.parametrize("override", ["domain.title=${oc.env:TOKEN}", "seed=${oc.env:TOKEN}"])
def test_a_secret_of_the_environment_stays_there(override: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    with place.harmless(), pytest.raises(UserError, match=r"may name another setting and nothing else") as caught:
        config.load([override])
    assert SECRET not in str(caught.value)


# --- the optimizer's path and arguments --------------------------------------------------------------------------

TARGETS = [
    case("torch.optim.sys.exit"),
    case("torch.optim..AdamW"),
    case("torch.optim.../os.system"),
    case("torch.optim.AdamW.step"),
    case("torch.optim.adamw.__builtins__"),
    case("torch.optim.optimizer.functools"),
    case("torch.optim.swa_utils.itertools"),
    case("torch.optim.optimizer.Optimizer.__class__.__subclasses__"),
    case("torch.optim.lr_scheduler.LambdaLR"),
    case("transformers.optimization.os.system"),
    case("torch.optim.a\0b.C", id="null byte"),
    case("torch.optim.__init__.AdamW"),
    case("torch.optim." + "a." * 5000 + "b", id="long"),
]
ARGUMENTS = [
    case({"_target_": "os.system"}),
    case({"foreach": True, "_partial_": True}),
    case({"betas": [2, 3]}),
    case({"betas": "abc"}),
    case({"eps": float("nan")}),
    case({"betas": {"_target_": "os.system"}}),
]


@pytest.mark.parametrize("target", TARGETS)
def test_an_optimizers_path_leads_to_optimizers_only(target: str, place: Place) -> None:
    chosen = plain().optimizer.model_copy(update={"target": target, "arguments": {}})
    with place.refused(r"optimizer\._target_ = "):
        optimizer_class(chosen)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_an_optimizers_arguments_are_values_and_refused_before_loading(arguments: dict[str, Any], place: Place) -> None:
    chosen = plain().optimizer.model_copy(update={"arguments": arguments})
    with place.refused(r"optimizer\.arguments"):
        optimizer_class(chosen)


def test_nothing_in_an_optimizers_arguments_is_instantiated(place: Place) -> None:
    chosen = plain().optimizer.model_copy(
        update={"arguments": {"foreach": {"_target_": "os.mkdir", "_args_": [str(place.canary)]}}}
    )
    with place.harmless():
        build(nn.Linear(2, 2), plain().model_copy(update={"optimizer": chosen}))


# --- format strings, thresholds, folders -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        case("{input.__init__.__globals__}"),
        case("{output!r:{instruction}}"),
        case("{0.__class__}"),
        case("{entities[0]}"),
        case("{output.__class__.__mro__}"),
        case("{entities.__class__.__init__}"),
        case("{output:>3000000}"),
    ],
)
def test_a_response_format_reaches_fields_and_nothing_else(response: str, place: Place) -> None:
    with place.refused(r"domain\.task\.response: only plain fields"):
        config.load(["domain=generic", "domain.sources.0.path=x", f"domain.task.response='{response}'"])


def test_a_threshold_that_is_not_a_number_is_never_met() -> None:
    goal = Goal.model_construct(metric="bleu", at_least=float("nan"), at_most=None, why="x")  # past the schema
    assert [verdict.met for verdict in verdicts([goal], {"models": {"tuned": {"bleu": {"value": 1e9}}}})] == [False]


@pytest.mark.parametrize(
    "output",
    [
        case("data/x"),
        case("data/../data/x"),
        case("outputs/registry/medical"),
        case("outputs/runs/../registry"),
        case("link-to-data"),
        case("link-to-data/deeper"),
        case("outputs/runs/link-to-registry"),
        case("outputs/runs/link-to-link/x"),
        case("."),
        case("outputs/runs"),
        case(".git/x"),
        case("src"),
        case("conf/domain"),
        case("tests/x"),
        case("mine"),
        case(".."),
        case("/"),
        case("outputs/runs/a\0b", id="null byte"),
        case(f"outputs/runs/{LONG}", id="long"),
    ],
)
def test_a_run_folder_never_leads_into_data_or_the_registry(
    output: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = place.folder / "root"
    for name in ("data", "outputs/registry", "outputs/runs"):
        (root / name).mkdir(parents=True)
    (root / "link-to-data").symlink_to(root / "data")
    (root / "outputs" / "runs" / "link-to-registry").symlink_to(root / "outputs" / "registry")
    (root / "outputs" / "runs" / "link-to-link").symlink_to("link-to-registry")
    monkeypatch.setattr(config, "ROOT", root)
    settings = plain().model_copy(update={"output": output})
    with place.refused("output = "):
        runs._folder(settings)
