"""What only a device can show, in one command: ``python -m tests.device.run [part ...] --out report.json``.

It runs from a checkout with whatever torch, transformers and peft are installed there; ``wheels.txt`` lists what else
``src`` imports. Each part stands alone, ends within a minute or so on an H200, and fails alone: its error is its
result. The report is one JSON, written after every part, so that a run that is cut keeps what it has. On a CPU, or with
``--toy``, everything is done at toy size; the figures then say nothing, and the run shows that the script works.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import torch  # noqa: E402
import transformers  # noqa: E402

from tests.device import exactness, running, speed  # noqa: E402
from tests.device.sizes import Sizes  # noqa: E402

PARTS: dict[str, Callable[[Sizes], dict[str, Any]]] = {
    "exactness": exactness.packed_rows,
    "attention": exactness.row_attention,
    "fp16": running.half_precision,
    "four_bit": running.four_bit,
    "generation": running.generation,
    "small": speed.small,  # 1.5B
    "large": speed.large,  # 7B: the guide's claims
    "context": speed.context,  # 32k
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all, in this order")
    parser.add_argument("--out", type=Path, default=Path("device.json"))
    parser.add_argument("--toy", action="store_true")
    parsed = parser.parse_args()
    if unknown := sorted({*parsed.parts} - {*PARTS}):
        parser.error(f"{', '.join(unknown)}: there is {', '.join(PARTS)}")
    sizes = Sizes.of(toy=parsed.toy or not torch.cuda.is_available())
    report: dict[str, Any] = {"machine": _machine(sizes), "parts": {}}
    for name in parsed.parts or PARTS:
        report["parts"][name] = _outcome(PARTS[name], sizes)
        parsed.out.write_text(json.dumps(report, indent=2), encoding="utf-8")
        print(f"{name}: {json.dumps(report['parts'][name])}", flush=True)
    sys.exit(any("error" in part for part in report["parts"].values()))


def _machine(sizes: Sizes) -> dict[str, Any]:
    on_gpu = sizes.device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "bytes": torch.cuda.mem_get_info()[1] if on_gpu else None,
        "toy": sizes.toy,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _outcome(part: Callable[[Sizes], dict[str, Any]], sizes: Sizes) -> dict[str, Any]:
    began = time.perf_counter()
    torch.manual_seed(0)
    try:
        found = part(sizes)
    except Exception as error:  # whatever it is, the other parts go on
        found = {"error": f"{type(error).__name__}: {error}"[:2_000], "where": traceback.format_exc()[-2_000:]}
    if sizes.device.type == "cuda":
        torch.cuda.empty_cache()
    return found | {"seconds": round(time.perf_counter() - began, 1)}


if __name__ == "__main__":
    main()
