"""A command line is checked whole; its help, completion and errors are Hydra's and ours without a traceback."""

from collections.abc import Callable

import yaml

from r1tailor import config, overrides
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT
from tests.support.commands import Done, spawned
from tests.support.refusals import GUARD


def test_help_a_refusal_and_the_stages_of_the_data_come_without_torch(run_command: Callable[..., Done]) -> None:
    stages = ["-c", "import hydra, r1tailor.stages"]
    for arguments, code in ((["train.py", "--help"], 0), (["train.py", "strategy.rnk=1", GUARD], 2), (stages, 0)):
        done = run_command("-X", "importtime", *arguments)
        imported = {
            line.rpartition("|")[2].strip() for line in done.err.splitlines() if line.startswith("import time:")
        }
        assert done.code == code
        assert "hydra" in imported
        assert "torch" not in imported


def test_a_day_beside_a_gateway_lets_threads_sleep_before_torch_decides(run_command: Callable[..., Done]) -> None:
    told = "import os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    called = "from r1tailor.commands import demo_update, update, update_actions; share_processor()"
    code = f"from r1tailor.command_line import share_processor; {called}; {told}"
    assert run_command("-c", code).out == "passive False\n"
    assert run_command("-c", f"import os; os.environ['OMP_WAIT_POLICY'] = 'active'; {code}").out == "active False\n"


def test_help_names_every_group_and_every_option(run_command: Callable[..., Done]) -> None:
    done = run_command("train.py", "--help")
    assert (done.code, done.err) == (0, "")
    for group in overrides.GROUPS:
        options = ", ".join(sorted(file.stem for file in (config.CONF / group).glob("*.yaml")))
        assert f"{group}: {options}" in done.out.splitlines()


def test_cfg_job_prints_the_composition(run_command: Callable[..., Done]) -> None:
    done = run_command("train.py", "--cfg", "job", "strategy=full", "seed=7")
    printed = yaml.safe_load(done.out)
    assert (done.code, set(printed)) == (0, set(Settings.model_fields))
    assert (printed["seed"], printed["strategy"]["kind"]) == (7, "full")


def test_shell_completion_prints_a_script(run_command: Callable[..., Done]) -> None:
    done = run_command("train.py", "--shell-completion", "install=bash")
    assert (done.code, done.err) == (0, "")
    assert "hydra_bash_completion()" in done.out


def test_text_that_the_terminal_cannot_show_stops_nothing() -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    shown = spawned(("train.py", "--cfg", "job", 'domain.title="Ünïcode – 𝔘 ქ"'), ROOT, ascii_only)
    assert (shown.code, shown.err) == (0, "")
    assert "\\u10e5" in shown.out
    refused = spawned(("train.py", "trainer.precision=𝔘ქ"), ROOT, ascii_only)
    assert refused.code == 2
    assert "Quote the value for Hydra" in refused.err
    assert "Traceback" not in refused.err
