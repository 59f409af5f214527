"""Which machine of a run this is, by hand and by SLURM."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.training import nodes

TWO = config.load(["trainer.parallel=ddp", "trainer.devices=2", "trainer.nodes=2"])
ONE = config.load(["trainer.parallel=ddp", "trainer.devices=2"])


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODE_RANK", "SLURM_NODEID", "SLURM_JOB_ID", "LOCAL_ADDR", "SLURMD_NODENAME", "RANK"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_node_is_the_one_that_nothing_numbers() -> None:
    assert (nodes.node(), nodes.follows(TWO), nodes.job()) == (0, False, None)
    assert nodes.address(ONE) == "127.0.0.1"


def test_slurm_numbers_nodes_and_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SLURM_NODEID": "1", "SLURM_JOB_ID": "77", "SLURMD_NODENAME": "gpu-17"}.items():
        monkeypatch.setenv(name, value)
    assert (nodes.node(), nodes.follows(TWO), nodes.job()) == (1, True, "77")
    assert nodes.follows(ONE) is False, "of a run on one machine no other waits"
    assert (nodes.address(TWO), nodes.address(ONE)) == ("gpu-17", "127.0.0.1")
    monkeypatch.setenv("LOCAL_ADDR", "10.0.0.7")
    monkeypatch.setenv("NODE_RANK", "0")
    assert (nodes.node(), nodes.address(TWO)) == (0, "10.0.0.7")


def test_one_task_a_machine_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_STEP_NUM_NODES", "2")
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "2")
    nodes.refuse_several_here()
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "16")
    with pytest.raises(ConfigError, match=r"start one process on each machine \(srun --ntasks-per-node=1"):
        nodes.refuse_several_here()
    monkeypatch.delenv("SLURM_STEP_NUM_TASKS")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(ConfigError, match="no torchrun before it"):
        nodes.refuse_several_here()
