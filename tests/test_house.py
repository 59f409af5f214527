"""The house keeps its own rules: one order, one list, no setting that nothing reads."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from r1tailor import config, overrides, reference, stages
from r1tailor.domain.declaration import declarations
from r1tailor.errors import ConfigError
from r1tailor.inputs import ROOMS
from r1tailor.optimization.optimizer import optimizer_class
from r1tailor.schema.base import Section
from r1tailor.schema.settings import STAGE_SECTIONS, Settings
from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "r1tailor"
OPTIONS = [(group, file.stem) for group in overrides.GROUPS for file in sorted((config.CONF / group).glob("*.yaml"))]
REQUIRED = {
    ("domain", "generic"): ["domain.sources.0.path=mine.jsonl"],
    ("evaluation", "market"): ["domain=finance"],
    ("evaluation", "walk_forward"): ["domain=finance"],
    ("objective", "distillation"): ["objective.teacher=base"],
    ("objective", "distillation_sequences"): ["objective.teacher=base"],
    ("objective", "distillation_endpoint"): [
        "objective.endpoint.url=https://r1.example/v1",
        "objective.endpoint.model=r1",
    ],
    ("model", "local"): ["model.path=models/mine"],
}


def _below(section: type[Section]) -> Iterator[type[Section]]:
    for kind in section.__subclasses__():
        yield kind
        yield from _below(kind)


DECLARED = declarations()  # their sections, too
SECTIONS = [section for section in _below(Section) if section.__module__.startswith("r1tailor.")]
FIELDS = sorted({(section.__name__, name) for section in SECTIONS for name in section.model_fields})
DESCRIBED = [
    pytest.param(setting, id=f"{section.__name__}-{setting.key}")
    for section in SECTIONS
    if section.__module__.startswith(("r1tailor.schema.", "r1tailor.domain."))
    for setting in reference.settings_of(section)
]
SOURCES = "\n".join(file.read_text("utf-8") for file in PACKAGE.rglob("*.py") if file.parent.name != "schema")
CONF = "\n".join(file.read_text("utf-8") for file in config.CONF.rglob("*.yaml"))


def _pipeline() -> dict[str, Any]:
    stages_: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]
    return stages_


def test_schema_code_and_pipeline_list_the_same_stages_in_the_same_order() -> None:
    assert list(STAGE_SECTIONS) == list(stages.STAGES) == list(_pipeline())


@pytest.mark.parametrize("stage", STAGE_SECTIONS)
def test_a_stage_depends_in_the_pipeline_on_the_settings_the_schema_says(stage: str) -> None:
    entry = _pipeline()[stage]
    each = {"train", "variant", "compress"}  # one stage a phase, a variant, a form
    assert ("do" in entry) == (stage in each)
    entry = entry.get("do", entry)
    assert tuple(entry.get("params", ())) == STAGE_SECTIONS[stage]
    # No value of params.yaml: DVC puts a command into a shell before our code can look at the value.
    assert entry["cmd"] == f"python -m r1tailor {stage}" + (" --dvc-stage" if stage in each else "")


def test_each_stage_depends_on_its_json_of_inputs_and_nothing_outside_outputs() -> None:
    first, *others = _pipeline().items()
    written = [path for out in first[1]["outs"] for path in out]
    assert written == [f"outputs/${{domain.name}}/inputs/{stage}.json" for stage, _ in others]
    assert list(ROOMS) == [stage for stage, _ in others]
    for (_, entry), own in zip(others, written, strict=True):
        dependencies = entry.get("do", entry)["deps"]
        assert dependencies[0] == own
        assert all(path.startswith("outputs/") for path in dependencies)


def test_params_yaml_follows_from_conf() -> None:
    """On a fresh clone `dvc repro` reads the committed file."""
    assert config.PARAMS.read_text("utf-8") == config.params_text()


def test_groups_and_folders_below_conf_are_the_same() -> None:
    assert {folder.name for folder in config.CONF.iterdir() if folder.is_dir()} == set(overrides.GROUPS)


@pytest.mark.parametrize(
    ("group", "option"), [pair for pair in OPTIONS if pair[0] in ("domain", "strategy", "objective", "curriculum")]
)
def test_the_kind_of_an_option_has_a_module(group: str, option: str) -> None:
    kind = yaml.safe_load((config.CONF / group / f"{option}.yaml").read_text("utf-8"))["kind"]
    name = {"phased": "phase_selection"}.get(kind, kind)
    assert list((PACKAGE / group).rglob(f"{name}.py"))


SELDOM = {"parts", "terms", "accept_licence"}  # of a model in several files, or whose licence has terms to accept


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes(group: str, option: str, settings: Callable[..., Settings]) -> None:
    composed = settings(f"{group}={option}", *REQUIRED.get((group, option), []))
    written = yaml.safe_load((config.CONF / group / f"{option}.yaml").read_text("utf-8"))
    builds_on_another = written.pop("defaults", ["_self_"])[0] != "_self_" and group in ("evaluation", "serving")
    fields = set(getattr(composed, group).model_dump(by_alias=True))
    assert set(written) < fields if builds_on_another else fields - SELDOM <= set(written) <= fields


@pytest.mark.parametrize("name", sorted(file.stem for file in config.CONF.glob("*.yaml")))
def test_every_composition_is_valid(name: str) -> None:
    assert set(config.load([], name).model_dump()) == set(Settings.model_fields)


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_every_setting_is_read_somewhere(section: str, field: str) -> None:
    interpolated = re.search(rf"\$\{{[^}}]*\b{field}\b", CONF)
    assert re.search(rf"\.{field}\b", SOURCES) or interpolated, f"nothing reads {section}.{field}"


@pytest.mark.parametrize("setting", DESCRIBED)
def test_every_setting_has_a_description(setting: reference.Setting) -> None:
    assert setting.description.endswith("."), "Field(description=...) says what the setting does, in sentences"


def test_every_section_has_a_description() -> None:
    sections = {inner for section in SECTIONS for inner in reference.sections_in(section)}
    named = [section for section in sections if "[" not in section.__name__ and not section.__name__.startswith("_")]
    assert not [section.__name__ for section in named if not section.__doc__]


def _key_paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from _key_paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _key_paths(inner, (*path, index))


def _misspelt(default: dict[str, Any], path: tuple[str | int, ...]) -> tuple[dict[str, Any], str, str]:
    """Return a composition with one key's last letter changed, and that key (written, meant)."""
    composition = deepcopy(default)
    holder: Any = composition
    for part in path[:-1]:
        holder = holder[part]
    meant = str(path[-1])
    written = meant[:-1] + ("q" if meant[-1] != "q" else "z")
    holder[written] = holder.pop(meant)
    before = [str(part) for part in path[:-1]]
    return composition, ".".join([*before, written]), ".".join([*before, meant])


def test_no_key_can_be_misspelt_by_one_letter() -> None:
    default = yaml.safe_load(config.as_yaml(config.load([])))
    paths = list(_key_paths(default))
    free = (("optimizer", "arguments"), ("logger", "arguments"))  # a third party's names: the test below
    for path in [path for path in paths if path[:2] not in free or path in free]:
        composition, written, meant = _misspelt(default, path)
        # Without its kind a section cannot be told from the others of its group, so that the kind is asked for.
        named = (
            f"{meant} = None: must be one of"
            if path[-1] == "kind" and "task" not in path
            else f"{written} is not a setting of"
        )
        assert any(fault.startswith(named) for fault in config.explain(composition, {})), written
    assert len(paths) > 80


@pytest.mark.parametrize("argument", ["betaq", "epq", "fuseq"])
def test_no_argument_of_the_optimizer_can_be_misspelt(argument: str, settings: Callable[..., Settings]) -> None:
    misspelt = settings(f"+optimizer.arguments.{argument}=1").optimizer
    with pytest.raises(ConfigError, match=rf"optimizer\.arguments\.{argument}: AdamW does not take it\. It takes: "):
        optimizer_class(misspelt)


@pytest.mark.parametrize("target", ["torch.optim.AdamW", "torch.optim.SGD", "torch.optim.RMSprop"])
def test_an_optimizer_from_an_allowed_package_is_taken(target: str, settings: Callable[..., Settings]) -> None:
    chosen = settings(f"optimizer._target_={target}", "~optimizer.arguments", "+optimizer.arguments={}").optimizer
    assert optimizer_class(chosen).__name__ == target.rpartition(".")[2]


@pytest.mark.parametrize(
    "target",
    [
        "torch.optim.Nonesuch",
        "torch.optim.nonesuch.AdamW",
        "torch.optim.lr_scheduler.StepLR",
        "torch.optim.optimizer.warnings",
        "torch.optim.swa_utils.Module",
    ],
)
def test_what_is_no_optimizer_of_that_package_is_refused(target: str, settings: Callable[..., Settings]) -> None:
    chosen = settings(f"optimizer._target_={target}").optimizer
    with pytest.raises(ConfigError, match=re.escape(f"optimizer._target_ = {target}")):
        optimizer_class(chosen)


@pytest.mark.parametrize("file", sorted(config.CONF.rglob("*.yaml")), ids=lambda file: file.stem)
def test_a_composition_depends_on_nothing_but_conf(file: Path) -> None:
    content = yaml.safe_load(file.read_text("utf-8"))
    assert "${oc.env" not in file.read_text("utf-8")
    content.pop("hydra", None)
    assert "${hydra:" not in yaml.safe_dump(content)


def test_every_module_has_its_test_file() -> None:
    """``src/r1tailor/<room>/<module>.py`` is tested by ``tests/<room>/test_<module>.py``."""
    modules = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if not path.stem.startswith("__")]
    files = [
        module.with_name(f"test_{module.name}") for module in modules if module.parts[0] not in ("conf", "template")
    ]
    assert len(files) > 200
    assert [str(file) for file in files if not (ROOT / "tests" / file).is_file()] == []
