"""One process that answers and one that trains on the same cores: ``python -m tests.benchmarks.shared_processor``.

Each does what a model of 135M parameters asks of torch: matrix products of one row or of 1,024, with as many threads as
there are cores. Shown is how often each gets through it in a second, alone and beside the other, with threads that
wait by working on (OpenMP's default) and with threads that sleep (``OMP_WAIT_POLICY=passive``).
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

_WIDTH, _INNER, _LAYERS = 576, 1536, 30
_ROWS = {"answers": 1, "trains": 1024}
_POLICIES = {"active": {}, "passive": {"OMP_WAIT_POLICY": "passive"}}


def main() -> None:
    """Measure, or be one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--be", choices=_ROWS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.be:
        print(_rate(_ROWS[asked.be], asked.seconds))
        return
    print("| waiting threads | answers, alone | trains, alone | answers, beside | trains, beside |")
    print("|---|--:|--:|--:|--:|")
    for policy, variables in _POLICIES.items():
        alone = [_together([name], variables, asked.seconds)[0] for name in _ROWS]
        shown = (f"{rate:.1f}" for rate in (*alone, *_together(list(_ROWS), variables, asked.seconds)))
        print(f"| {policy} | {' | '.join(shown)} |", flush=True)


def _together(names: Sequence[str], variables: dict[str, str], seconds: float) -> list[float]:
    """Return what each process reached while the others ran."""
    command = [sys.executable, "-m", "tests.benchmarks.shared_processor", "--seconds", str(seconds), "--be"]
    there = {**os.environ, **variables}
    begun = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True, env=there) for name in names]
    return [float(process.communicate()[0]) for process in begun]


def _rate(rows: int, seconds: float) -> float:
    """Return passes through all layers a second."""
    import torch
    from torch.nn.functional import linear, silu

    layers = [(torch.randn(_INNER, _WIDTH).bfloat16(), torch.randn(_WIDTH, _INNER).bfloat16()) for _ in range(_LAYERS)]
    x, passes, began = torch.randn(rows, _WIDTH).bfloat16(), 0, time.monotonic()
    with torch.inference_mode():
        while time.monotonic() - began < seconds:
            for up, down in layers:
                linear(silu(linear(x, up)), down)
            passes += 1
    return passes / (time.monotonic() - began)


if __name__ == "__main__":
    main()
