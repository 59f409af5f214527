"""Which of a run's machines this is, as told by hand (``NODE_RANK``) or by SLURM: one process of ours starts on each.

The first node runs every stage and holds the run's folder; the others take part in training alone. All of them see one
file system.
"""

import os
import socket

from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings


def node() -> int:
    """Return this machine's number among those of the run."""
    return int(os.environ.get("NODE_RANK") or os.environ.get("SLURM_NODEID") or 0)


def follows(settings: Settings) -> bool:
    """Whether this machine waits for the first one, which runs the stages."""
    return settings.trainer.nodes > 1 and node() > 0


def job() -> str | None:
    """Return the number of the SLURM job that this process belongs to; all its nodes know it."""
    return os.environ.get("SLURM_JOB_ID")


def address(settings: Settings) -> str:
    """Return where other nodes reach this one."""
    if settings.trainer.nodes == 1:
        return "127.0.0.1"
    return os.environ.get("LOCAL_ADDR") or os.environ.get("SLURMD_NODENAME") or socket.gethostname()


def refuse_several_here() -> None:
    """Refuse to be started once for each device.

    Raises:
        ConfigError: torchrun or SLURM has started more than one process on a machine.
    """
    step = [int(os.environ.get(f"SLURM_STEP_NUM_{what}", "1")) for what in ("TASKS", "NODES")]
    if "RANK" in os.environ or step[0] > step[1]:
        raise ConfigError(
            [
                "start one process on each machine (srun --ntasks-per-node=1, and no torchrun before it): it starts "
                "one for each of trainer.devices itself"
            ]
        )
