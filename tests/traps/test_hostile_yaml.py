"""Trap 31: hostile YAML, Hydra's own settings, and a handful through the real command line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from r1tailor import command_line, config
from tests.conftest import ROOT
from tests.support.commands import Done
from tests.traps.danger import Place, case

GUARD = "output=data/never"  # were a hostile composition ever accepted, nothing would train
LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 5)}]\n" for i in range(1, 4)
)  # of this kind, twelve lines are a thousand million words; these are few, for a test that ends

TEXTS = [
    case("seed: !!python/object/apply:os.mkdir ['{canary}']\n", id="apply"),
    case("seed: !!python/object/new:os.mkdir ['{canary}']\n", id="new"),
    case("seed: !!python/object/apply:subprocess.Popen [[mkdir, '{canary}']]\n", id="Popen"),
    case("seed: !!python/name:os.system\n", id="name"),
    case("seed: !!python/module:antigravity\n", id="module"),
    case("? !!python/object/apply:os.mkdir ['{canary}']\n: 1\n", id="in a key"),
    case("seed: !!binary aGVsbG8=\n", id="binary"),
    case("seed: !!set {{a, b}}\n", id="set"),
    case("seed: !!int \n", id="an int of nothing"),
    case("seed: !!bool x\n", id="a bool that is none"),
    case("seed: !!timestamp x\n", id="a timestamp that is none"),
    case("# composed from conf/" + "a" * 5000 + " " + "0" * 64 + "\nseed: 1\n", id="a name that is too long"),
    case("? [a, b]\n: 3\n", id="a list as key"),
    case("seed: 1\n---\nseed: 2\n", id="two documents"),
    case("seed: 1\nseed: 2\n", id="a key twice"),
    case("- seed\n- 1\n", id="a list"),
    case("", id="empty"),
    case('seed: "\x00"\n', id="null byte"),
    case("\n".join(f"a{i}: ${{{{a{i + 1}}}}}" for i in range(2000)), id="a chain of interpolations"),
    case("seed: &a [*a]\n", id="within itself"),
    case("seed: " + "[" * 3000 + "]" * 3000, id="deep"),
    case("seed: " + "${{" * 500 + "a" + "}}" * 500, id="deep interpolation"),
    case("seed: " + "9" * 5000, id="5,000 digits"),
    case("5\n", id="a number"),
    case("# Composed from conf/ \nseed: 1\n", id="a header cut off"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_params_file_is_refused(text: str, place: Place) -> None:
    path = place.zone / "params.yaml"
    path.write_text(text.format(canary=place.canary), encoding="utf-8")
    with place.refused():
        config.load_params(path)


def test_a_params_file_that_is_not_utf8_is_refused(place: Place) -> None:
    (place.zone / "params.yaml").write_bytes(b"\xff\xfe\x00seed")
    with place.refused():
        config.load_params(place.zone / "params.yaml")


def test_a_thousand_million_laughs_are_refused_for_their_aliases(place: Place) -> None:
    (place.zone / "params.yaml").write_text(LAUGHS, encoding="utf-8")
    with place.refused("alias"):
        config.load_params(place.zone / "params.yaml")


# --- a folder of somebody's YAML: --config-dir -------------------------------------------------------------------


def somebodys(place: Place, group: str, text: str) -> str:
    folder = place.zone / "conf" / group
    folder.mkdir(parents=True)
    (folder / "evil.yaml").write_text(text.replace("{canary}", str(place.canary)), encoding="utf-8")
    return f"--config-dir={place.zone / 'conf'}"


MEDICAL = "# @package _global_\ndefaults:\n  - medical@domain\n  - _self_\n"
CALLBACK = "hydra:\n  callbacks:\n    evil:\n      _target_: os.mkdir\n      path: '{canary}'\n"
LOGGING = "hydra:\n  job_logging:\n    version: 1\n    handlers:\n      x:\n        (): os.mkdir\n        path: '{canary}'\n    root: {handlers: [x]}\n"  # noqa: E501


@pytest.mark.parametrize(
    "text",
    [
        case("name: !!python/object/apply:os.mkdir ['{canary}']\n", id="a tag"),
        case("_target_: os.mkdir\npath: '{canary}'\n", id="a target"),
        case("defaults:\n  - ../../../../etc/passwd\n", id="defaults elsewhere"),
        case("# @package _global_\nmodel:\n  _target_: os.mkdir\n", id="another package"),
        case(MEDICAL + CALLBACK, id="a callback of Hydra"),
        case(MEDICAL + LOGGING, id="a handler of logging"),
    ],
)
def test_somebodys_domain_is_data(text: str, place: Place) -> None:
    where = somebodys(place, "domain", text)
    with place.refused():
        command_line.checked_arguments([where, "domain=evil"])


SWEPT = "+hydra.callbacks.evil={_target_:os.mkdir,path:{canary}},{}"


@pytest.mark.parametrize(
    "line",
    [
        case("hydra.searchpath=[pkg://evil]"),
        case("+hydra.callbacks.evil={_target_:os.mkdir,path:{canary}}"),
        case("--help +hydra.callbacks.evil={_target_:os.mkdir,path:{canary}}"),
        case("--info plugins hydra.hydra_logging.root.level=DEBUG"),
        case(f"-m {SWEPT}"),
        case("-m hydra/launcher=basic,../../evil"),
        case("-m +domain@hydra.callbacks.x=medical,generic"),
        case("hydra.sweeper._target_=evil.Evil"),
        case("hydra.launcher._target_=evil.Evil"),
        case("hydra.output_subdir=../../x"),
        case("hydra.job.name=../../x"),
        case("hydra.mode=MULTIRUN"),
        case("~hydra"),
        case("hydra/launcher=../../../../tmp/evil"),
        case("--experimental-rerun={canary}"),
    ],
)
def test_hydras_own_settings_are_not_for_others(line: str, place: Place) -> None:
    (place.zone / "evil.py").write_text(place.program)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(place.zone))
        with place.refused("(?i)hydra|rerun"):
            command_line.checked_arguments(line.replace("{canary}", str(place.canary)).split())


def test_a_swept_option_of_somebody_is_composed_before_any_job(place: Place) -> None:
    where = somebodys(place, "domain", MEDICAL + LOGGING)
    with place.refused(r"hydra\.job_logging"):
        command_line.checked_arguments([where, "-m", "domain=medical,evil"])


def test_a_launcher_of_somebodys_folder_is_not_an_installed_one(place: Place) -> None:
    where = somebodys(place, "hydra/launcher", "_target_: os.mkdir\npath: '{canary}'\n")
    with place.refused("launcher"):
        command_line.checked_arguments([where, "hydra/launcher=evil"])


def test_a_composition_from_elsewhere_has_no_hydra_section(place: Place) -> None:
    (place.zone / "evil.py").write_text(place.program)
    (place.zone / "params.yaml").write_text("hydra:\n  searchpath: [pkg://evil]\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(place.zone))
        with place.refused("a hydra section is not allowed here"):
            command_line.checked_arguments([f"--config-path={place.zone}", "--config-name=params"])


@pytest.mark.parametrize("text", ["a: &a [1]\nb: *a\n", "a: " + "[" * 100 + "]" * 100, "name: ${oc.env:HOME}\n"])
def test_somebodys_yaml_is_looked_at_before_it_is_composed(text: str, place: Place) -> None:
    with place.refused("alias|deeper|nothing else"):
        command_line.checked_arguments([somebodys(place, "domain", text), "domain=evil"])


@pytest.mark.parametrize(
    "line",
    [
        "hydra.sweep.dir=outputs/sweeps/x",
        "-m seed=1,2 hydra.sweep.subdir=y",
        "-m seed=1,2 hydra.sweep.dir=outputs/sweeps hydra.sweep.subdir=${now:%H}/${hydra.job.num}",
        "hydra.run.dir=outputs/runs/x",
        "hydra/launcher=basic",
    ],
)
def test_what_hydra_may_be_told_is_taken(line: str) -> None:
    assert set(line.split()) - {"seed=1,2"} <= set(command_line.checked_arguments(line.split()))


# --- through the command line ------------------------------------------------------------------------------------


def says_one_error(done: Done) -> None:
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    assert sum(line.startswith("error: ") for line in done.err.splitlines()) == 1


HYDRAS = [
    case("domain", MEDICAL + CALLBACK, id="a callback in somebody's domain"),
    case("domain", MEDICAL + LOGGING, id="a handler in somebody's domain"),
    case("domain", "name: !!python/object/apply:os.mkdir ['{canary}']\n", id="a tag in somebody's domain"),
]


@pytest.mark.parametrize(("group", "text"), HYDRAS)
def test_train_with_somebodys_yaml_runs_no_program_of_theirs(
    group: str, text: str, place: Place, run_command: Callable[..., Done]
) -> None:
    where = somebodys(place, group, text)
    with place.harmless():
        done = run_command("train.py", where, f"{group}=evil", GUARD)
    says_one_error(done)
    assert "evil" in done.err or "hydra" in done.err, "refused for what is wrong with it, not for its output folder"


@pytest.mark.parametrize(
    "line",
    [
        case("optimizer._target_=os.system domain.name=../../x"),
        case("domain.title=${os.system:ls}"),
        case("+hydra.callbacks.evil={_target_:os.mkdir,path:{canary}}"),
    ],
)
def test_train_refuses_hostile_overrides(line: str, place: Place, run_command: Callable[..., Done]) -> None:
    with place.harmless():
        done = run_command("train.py", *line.replace("{canary}", str(place.canary)).split(), GUARD)
    says_one_error(done)


def test_hydra_writes_nothing_before_the_settings_are_known_to_be_good(
    place: Place, run_command: Callable[..., Done]
) -> None:
    with place.harmless():
        done = run_command("train.py", f"hydra.run.dir={place.zone}/run", "hydra.output_subdir=../../x", GUARD)
    says_one_error(done)


def test_the_folder_hydra_is_given_gets_no_file_of_a_refused_run(
    place: Place, run_command: Callable[..., Done]
) -> None:
    with place.harmless():
        done = run_command("train.py", f"hydra.run.dir={place.zone}/run", GUARD)
    says_one_error(done)
    assert not [path for path in place.zone.rglob("*") if path.is_file()]


@pytest.fixture
def elsewhere(place: Place) -> Path:
    """A project of its own: its conf/, and a params.yaml to be spoilt."""
    shutil.copytree(ROOT / "conf", place.zone / "conf")
    return place.zone


def test_stages_and_registry_refuse_hostile_files_and_names(
    elsewhere: Path, place: Place, run_command: Callable[..., Done]
) -> None:
    composed = yaml.safe_load(config.as_yaml(config.load([])))
    composed["domain"]["name"] = "../../outside"
    (elsewhere / "params.yaml").write_text(yaml.safe_dump(composed), encoding="utf-8")
    source = str(ROOT / "src")
    with place.harmless():
        for arguments in (["collect"], ["registry", "rollback", "../../outside"], ["registry", "show", "../x"]):
            says_one_error(run_command("-m", "r1tailor", *arguments, cwd=elsewhere, PYTHONPATH=source))
        composed["domain"]["name"] = "!!python/object/apply:os.mkdir"
        text = yaml.safe_dump(composed).replace(
            "'!!python/object/apply:os.mkdir'", f"!!python/object/apply:os.mkdir ['{place.canary}']"
        )
        (elsewhere / "params.yaml").write_text(text, encoding="utf-8")
        says_one_error(run_command("-m", "r1tailor", "collect", cwd=elsewhere, PYTHONPATH=source))
