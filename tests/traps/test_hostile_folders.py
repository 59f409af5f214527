"""Trap 31: run folders, folders of configuration and folders for a sweep, as somebody may hand them on or name them."""

from pathlib import Path

import pytest

from r1tailor import command_line, config, runs
from tests.traps.danger import Place, case

# --- a run folder of somebody else: --config-path ----------------------------------------------------------------

SEARCHED = "hydra:\n  searchpath: [pkg://evil]\n"
PATH = "!!python/object/apply:pathlib.PosixPath [x]"  # OmegaConf's loader makes one of it
RUN_FOLDERS = [
    case(SEARCHED, id="a search path"),
    case(SEARCHED + f"seed: {PATH}\n", id="a path that SafeLoader does not know"),
    case(SEARCHED + "seed: !!python/object/apply:os.mkdir ['{canary}']\n", id="a tag that nobody knows"),
    case(SEARCHED + "seed: !evil 1\n", id="a tag of their own"),
    case(SEARCHED + "a: 2024-13-45\n", id="a date that does not exist"),
    case(SEARCHED + "---\nseed: 1\n", id="two documents"),
    case(SEARCHED + "seed: 1\n? [a, b]\n: 1\n? {a: b}\n: 1\n", id="keys that cannot be keys"),
    case(SEARCHED + "a: [\n", id="cut off"),
    case("<<: {hydra: {searchpath: [pkg://evil]}}\n", id="a merge key"),
    case("&a hydra:\n  searchpath: [pkg://evil]\nb: *a\n", id="an alias"),
    case("? !!str hydra\n: {searchpath: [pkg://evil]}\n", id="a tagged key"),
    case("'hydra': {searchpath: [pkg://evil]}\n", id="a quoted key"),
    case('"\\x68ydra": {searchpath: [pkg://evil]}\n', id="an escaped key"),
    case("hydra.searchpath: [pkg://evil]\n", id="a dotted key"),
    case("hydra/launcher: evil\n", id="a group of Hydra"),
    case("defaults: [../secret]\n", id="defaults above"),
    case("defaults: ['{outside}']\n", id="absolute defaults"),
    case("defaults: [{{x: ../../secret}}]\n", id="an option above"),
    case("defaults: [{{../x: secret}}]\n", id="a group above"),
    case("defaults: [{{override ../hydra/launcher: evil}}]\n", id="an override above"),
    case("defaults: [{{optional x: ../../secret}}]\n", id="an optional option above"),
    case("defaults: ['pkg://evil/x']\n", id="defaults of a package"),
    case("defaults: ['file://{outside}']\n", id="defaults of a URL"),
    case("defaults: ['${{oc.env:TOKEN}}']\n", id="a variable as option"),
    case("defaults: [{{x: '${{oc.env:TOKEN}}'}}]\n", id="a variable as an option of a group"),
    case("defaults: [{{'x@${{oc.env:TOKEN}}': y}}]\n", id="a variable as package"),
    case("defaults: [{{x: '${{oc.decode:${{oc.env:TOKEN}}}}'}}]\n", id="a decoded variable"),
    case("defaults: [{{x: '${{oc.create:1}}'}}]\n", id="another resolver"),
]


@pytest.mark.parametrize("text", RUN_FOLDERS)
def test_a_run_folder_that_cannot_be_checked_reaches_no_hydra(
    text: str, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    monkeypatch.syspath_prepend(str(place.zone))
    (place.zone / "evil").mkdir()
    (place.zone / "evil" / "__init__.py").write_text(place.program)
    filled = text.replace("{canary}", str(place.canary)).replace("{outside}", "/" + str(place.secret.with_suffix("")))
    (place.zone / "config.yaml").write_text(filled.replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    with place.refused(str(place.zone)) as _:
        command_line.checked_arguments([f"--config-path={place.zone}", "--config-name=config"])
    with pytest.raises(config.ConfigError) as caught:
        command_line.checked_arguments([f"--config-path={place.zone}", "--config-name=config"])
    assert "hunter2" not in str(caught.value) + capsys.readouterr().err


# --- a folder of configuration: --config-dir ---------------------------------------------------------------------

DOMAINS = [
    case("name: x\n", ".yml", "", id="yml is not read"),
    case(f"name: {PATH}\n", ".yaml", "a tag", id="a path"),
    case("name: !evil x\n", ".yaml", "a tag", id="a tag of their own"),
    case("name: [\n", ".yaml", "not YAML", id="cut off"),
    case("defaults: [../../../secret]\n", ".yaml", "not the name of an option", id="defaults above"),
    case("defaults: [{'/x@y': ../../../secret}]\n", ".yaml", "not the name of an option", id="absolute group"),
    case("defaults: [//etc/passwd]\n", ".yaml", "not the name of an option", id="an absolute file"),
    case("defaults: ['${oc.env:TOKEN}']\n", ".yaml", "not the name of an option", id="a variable"),
    case("# @package hydra\nsearchpath: [pkg://evil]\n", ".yaml", "", id="a package of Hydra"),
    case("# @package hydra.callbacks.x\n_target_: os.mkdir\npath: '{canary}'\n", ".yaml", "callbacks", id="a callback"),
    case("# @package _global_\nhydra: {job: {chdir: true}}\n", ".yaml", r"hydra\.job", id="a job setting"),
    case("# @package _global_\nhydra: {run: {dir: outputs/registry}}\n", ".yaml", "", id="a run folder"),
    case("# @package _global_\nhydra: {run: {dir: '${oc.env:TOKEN}'}}", ".yaml", "", id="a run folder named by TOKEN"),
    case("title: ${oc.env:TOKEN}\n", ".yaml", "nothing else", id="a variable as value"),
    case("title: ${oc.decode:${oc.env:TOKEN}}\n", ".yaml", "nothing else", id="a decoded variable as value"),
    case("${oc.env:TOKEN}: x\n", ".yaml", "", id="a variable as key"),
    case("_target_: .evil.Evil\n", ".yaml", "", id="a relative target"),
    case("task: {_target_: os.mkdir, _args_: ['{canary}']}\n", ".yaml", "", id="an inner target"),
]


@pytest.mark.parametrize(("text", "suffix", "said"), DOMAINS)
def test_a_domain_of_somebody_leads_nowhere(
    text: str, suffix: str, said: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    file = place.zone / "conf" / "domain" / f"evil{suffix}"
    file.parent.mkdir(parents=True)
    file.write_text(text.replace("{canary}", str(place.canary)), encoding="utf-8")
    arguments = [f"--config-dir={place.zone / 'conf'}", "domain=evil"]
    with place.refused(said):
        command_line.checked_arguments(arguments)
    with pytest.raises(config.ConfigError) as caught:
        command_line.checked_arguments(arguments)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("what", ["a file", "a folder", "a loop"])
def test_links_out_of_a_folder_of_configuration_are_not_followed(what: str, place: Place) -> None:
    conf = place.zone / "conf"
    (conf / "domain").mkdir(parents=True)
    if what == "a file":
        (conf / "domain" / "evil.yaml").symlink_to(place.secret)
    elif what == "a folder":
        (conf / "model").symlink_to(place.folder, target_is_directory=True)
    else:
        (conf / "domain" / "evil.yaml").symlink_to("evil.yaml")
    with place.refused("link that leads out|cannot be read"):
        command_line.checked_arguments([f"--config-dir={conf}", "domain=medical", "model=tiny_llama"])


def test_a_defaults_list_of_the_project_itself_shows_no_variable(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    shipped = config.CONF
    conf = place.zone / "conf"
    conf.mkdir()
    for entry in shipped.iterdir():
        (conf / entry.name).symlink_to(entry)
    (conf / "domain").unlink()
    (conf / "domain").mkdir()
    (conf / "domain" / "medical.yaml").write_text("defaults: ['${oc.env:TOKEN}']\n", encoding="utf-8")
    monkeypatch.setattr(config, "CONF", conf)
    with place.refused("not the name of an option"):
        config.load([], "config")


# --- folders that runs write to ----------------------------------------------------------------------------------

FOLDERS = [
    case("-m seed=1,2 hydra.sweep.dir=outputs hydra.sweep.subdir=registry"),
    case("-m seed=1,2 hydra.sweep.dir=outputs hydra.sweep.subdir=registry/${hydra.job.num}"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/registry"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/medical"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/sweeps hydra.sweep.subdir=../registry"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/sweeps/../registry"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/runs/link"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/sweeps hydra.sweep.subdir=../runs/link/${hydra.job.num}"),
    case("-m seed=1,2 hydra.sweep.subdir=."),
    case("-m seed=1,2 hydra.sweep.subdir=/etc/x"),
    case("-m seed=1,2 hydra.sweep.dir=data"),
    case("-m seed=1,2 hydra.sweep.dir=conf/domain"),
    case("-m seed=1,2 hydra.sweep.dir=.git"),
    case("-m seed=1,2 hydra.sweep.dir=."),
    case("-m seed=1,2 hydra.sweep.dir=.."),
    case("-m seed=1,2 hydra.sweep.dir=/"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/${domain.name}"),
    case("-m seed=1,2 hydra.sweep.dir=outputs/${oc.env:TOKEN}"),
    case("-m seed=1,2 hydra.sweep.dir='outputs/sweeps/${now:../../registry}'"),
    case("-m seed=1,2 hydra.sweep.subdir=${hydra.job.override_dirname}"),
    case("-m seed=1,2 hydra.sweep.dir=" + "x" * 5000, id="a long path"),
    case("hydra.run.dir=outputs/registry/x"),
    case("hydra.run.dir=outputs/sweeps/../medical"),
    case("hydra.run.dir=src"),
    case("hydra.run.dir=${oc.env:TOKEN}"),
]


@pytest.mark.parametrize("line", FOLDERS)
def test_hydra_makes_no_folder_where_a_run_may_not_write(
    line: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "registry")
    monkeypatch.setattr(config, "ROOT", place.zone)
    monkeypatch.chdir(place.zone)
    (place.zone / "outputs" / "registry").mkdir(parents=True)
    (place.zone / "outputs" / "runs").mkdir()
    (place.zone / "outputs" / "runs" / "link").symlink_to(place.zone / "outputs" / "registry")
    with place.refused(r"hydra\.(sweep\.dir|sweep\.subdir|run\.dir) = "):
        command_line.checked_arguments(line.split())


def test_the_same_folders_are_open_to_output_and_to_hydra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert runs._resolved("outputs/runs/x") == tmp_path / "outputs" / "runs" / "x"
    command_line.checked_arguments(["-m", "seed=1,2", "hydra.sweep.dir=outputs/runs/x"])
