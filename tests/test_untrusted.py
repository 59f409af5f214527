"""What a YAML of somebody else must not hold, one rule at a time; ``traps/`` tries them on the whole product."""

import re
from pathlib import Path

import pytest

from r1tailor import untrusted
from r1tailor.errors import ConfigError


def _written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "their.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("a: &x [1]\nb: *x\n", "line 2: an alias (*x); write the value out"),
        ("a: " + "[" * 41 + "]" * 41, "line 1: nested deeper than 40 levels"),
        ("#" * 200_001, "more than 200000 characters"),
        ("名称: 病历".encode("gbk"), "not UTF-8 (byte 1); save it as UTF-8"),
        (b"a: 1\nb: \xff\n", "not UTF-8 (byte 9); save it as UTF-8"),
    ],
)
def test_a_file_that_is_not_fit_to_be_composed_is_named_with_the_reason(
    text: str | bytes, reported: str, tmp_path: Path
) -> None:
    file = _written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        untrusted.refuse_hostile_file(file)
    (fault,) = caught.value.faults
    assert fault.startswith(str(file))
    assert reported in fault


LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (LAUGHS, "line 6: more than 50000 values, its aliases written out"),
        ("a: &x [1, *x]\n", "line 1: more than 50000 values"),
        ("a: [" + "1," * 60_000 + "]\n", "line 1: more than 50000 values"),
        ("a: '" + "x" * 200_000 + "'\n", "more than 200000 characters"),
        ("a: " + "[" * 41 + "]" * 41, "line 1: nested deeper than 40 levels"),
    ],
)
def test_a_file_of_conf_that_would_fill_the_memory_is_refused(text: str, reported: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(reported)):
        untrusted.refuse_hostile_option(_written(tmp_path, text), 0)


def test_aliases_of_conf_that_stay_small_are_left_to_hydra(tmp_path: Path) -> None:
    untrusted.refuse_hostile_option(_written(tmp_path, "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n"), 0)


@pytest.mark.parametrize("text", ["a: 1\n", "", "a: [\n", "a: " + "[" * 39 + "]" * 39, "名称: 病历\n"])
def test_what_is_small_and_plain_is_left_to_its_reader(text: str, tmp_path: Path) -> None:
    untrusted.refuse_hostile_file(_written(tmp_path, text))


def test_a_folder_is_read_to_its_last_file(tmp_path: Path) -> None:
    (tmp_path / "domain").mkdir()
    _written(tmp_path / "domain", "a: &x 1\nb: *x\n")
    with pytest.raises(ConfigError, match="alias"):
        untrusted.refuse_hostile_folder(tmp_path)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "_MOST_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.yaml").touch()
    with pytest.raises(ConfigError, match="more than 3 YAML files"):
        untrusted.refuse_hostile_folder(tmp_path)


@pytest.mark.parametrize(("text", "refused"), [("hydra:\n  x: 1\n", True), ("hydra.run: x\n", True), ("a: 1\n", False)])
def test_only_the_projects_own_file_has_a_hydra_section(text: str, refused: bool, tmp_path: Path) -> None:
    file = _written(tmp_path, text)
    if not refused:
        untrusted.refuse_hydra_section(file)
        return
    with pytest.raises(ConfigError, match="a hydra section is not allowed here"):
        untrusted.refuse_hydra_section(file)


@pytest.mark.parametrize("value", ["${oc.env:TOKEN}", "a ${now:%Y} b", "${a${b}}", "${oc.${a}:x}"])
def test_a_value_that_asks_for_more_than_a_setting_is_refused(value: str) -> None:
    (fault,) = untrusted.interpolation_faults({"a": [{"b": value}]})
    assert fault.startswith("a.0.b = ")


def test_a_value_may_name_a_setting_and_not_a_thousand() -> None:
    assert untrusted.interpolation_faults({"a": "${seed}", "b": "plain"}) == []
    (fault,) = untrusted.interpolation_faults({"a": ["${seed}"] * 51})
    assert "holds 51 interpolations" in fault


PLAIN = {"run": {"dir": "."}, "sweep": {"dir": "a", "subdir": "b"}, "job": {"name": "train"}, "callbacks": {}}


def test_folders_of_runs_are_free_and_everything_else_of_hydra_is_not() -> None:
    moved = {**PLAIN, "run": {"dir": "x"}, "sweep": {"dir": "y", "subdir": "z"}, "overrides": ["seed=1"]}
    assert untrusted.hydra_faults(moved, PLAIN) == []
    for changed in ({"callbacks": {"evil": 1}}, {"job": {"name": "x"}}, {"launcher": {"_target_": "x"}}):
        faults = untrusted.hydra_faults({**PLAIN, **changed}, PLAIN)
        assert any("is not to be changed" in fault for fault in faults)
    assert "hydra.run.dir: must be a folder's name" in untrusted.hydra_faults({**PLAIN, "run": {"dir": None}}, PLAIN)


def test_every_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.yaml", "b/c.yaml"):
        (tmp_path / name).write_bytes("名: 历".encode("gbk"))
    (tmp_path / "d.yaml").write_text("名: 历", encoding="utf-8")
    faults = untrusted.not_utf8([tmp_path])
    assert [fault.partition(":")[0] for fault in faults] == [str(tmp_path / "a.yaml"), str(tmp_path / "b/c.yaml")]
