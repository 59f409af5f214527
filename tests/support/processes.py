"""Several processes of one group, as forks of the test's own: nothing has to be imported again."""

import os
import pickle
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import torch
import torch.distributed

T = TypeVar("T")


def in_processes(work: Callable[[int], T], count: int = 2) -> list[T]:
    """Return what ``work(rank)`` gives in each of several processes that form a gloo group, in the order of ranks.

    ``RANK``, ``LOCAL_RANK``, ``WORLD_SIZE`` and the master's address are set as a launcher would set them.

    Raises:
        AssertionError: a process failed; its traceback is on stderr.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        children = []
        for rank in range(count):
            child = os.fork()
            if not child:
                _run(work, rank, count, port, Path(folder))
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert codes == [0] * count, codes
        return [pickle.loads((Path(folder) / str(rank)).read_bytes()) for rank in range(count)]


def _run(work: Callable[[int], object], rank: int, count: int, port: int, folder: Path) -> None:
    code = 1
    try:
        sys.settrace(None)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        torch.distributed.init_process_group("gloo", rank=rank, world_size=count)
        (folder / str(rank)).write_bytes(pickle.dumps(work(rank)))
        torch.distributed.barrier()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
