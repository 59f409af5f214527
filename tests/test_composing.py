"""Hydra composes what it is given, and why it cannot is one sentence."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config, overrides
from r1tailor.composing import compose_at, resolved
from tests.conftest import ROOT
from tests.support.commands import Done

GBK = "title: 病历\n".encode("gbk")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("conf/config.yaml", ("train.py", "seed=1")),
        ("conf/domain/medical.yaml", ("train.py", "seed=1")),
        ("conf/domain/medical.yaml", ("-m", "r1tailor", "fetch")),
        ("conf/model/local.yaml", ("train.py", "model=local")),
        ("conf/project.yaml", ("-m", "r1tailor", "use")),
        ("params.yaml", ("-m", "r1tailor", "collect")),
        ("run/config.yaml", ("-m", "r1tailor", "train", "run")),
        ("theirs/domain/mine.yaml", ("train.py", "--config-dir=theirs", "domain=mine")),
    ],
)
def test_a_yaml_that_is_not_utf8_is_named_and_utf8_is_asked_for(
    file: str, command: tuple[str, ...], run_command: Callable[..., Done], tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "train.py", tmp_path)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(GBK)
    done = run_command(*command, cwd=tmp_path, PYTHONPATH=str(ROOT / "src"))
    assert (done.code, done.out) == (2, "")
    assert f"{tmp_path / file}: not UTF-8 (byte 8); save it as UTF-8" in done.err
    assert "Traceback" not in done.err


def test_swept_values_are_put_where_hydra_puts_them() -> None:
    checked, _ = overrides.check(["optimizer.arguments={eps:1e-6},{}", "seed=1"], [config.CONF], sweep=True)
    listed, _ = overrides.jobs(checked, [config.CONF], 10)
    place = config.place_of("config")
    composed = [resolved(job.put_into(compose_at([*job.composed], place).composition)) for job in listed]
    whole = [resolved(compose_at([*job.composed, *job.values], place).composition) for job in listed]
    assert composed == whole
    assert composed[0] != composed[1]
