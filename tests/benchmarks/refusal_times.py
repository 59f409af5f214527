"""How long the refusal of each architecture of the documentation takes: ``python -m tests.benchmarks.refusal_times``.

Each is a folder as users bring it, with its configuration at its real size, the embedded model's tokenizer and no
weights; the process is timed from its start to its exit code 2 with one line of error. What importing the libraries
takes is told beside it.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from r1tailor import config
from r1tailor.model.origin import base_folder
from tests.support.architectures import CASES, Case


def main() -> None:
    """Print the seconds and the line of each refusal, and those that were not one line with exit code 2."""
    tokenizer = base_folder(config.load(["model=smollm2"]).model, config.ROOT, 1)
    seconds, wrong = [], []
    for case in (case for case in CASES if case.refused):
        with tempfile.TemporaryDirectory() as folder:
            for file in tokenizer.glob("*token*"):
                shutil.copy(file, folder)
            case.config().save_pretrained(folder)
            taken, code, said = refused(case, Path(folder))
        seconds.append(taken)
        if code != 2 or len(said) != 1:
            wrong.append(case.title)
        print(f"{taken:5.1f} s, exit {code}, {len(said)} line(s): {' '.join(said)[:160]}", flush=True)
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, transformers, peft"], check=True, capture_output=True)
    imports = time.perf_counter() - begin
    print(f"{len(seconds)} refusals, {min(seconds):.1f} to {max(seconds):.1f} s, of which imports take {imports:.1f} s")
    print(f"otherwise than in one line with exit code 2: {wrong or 'none'}")


def refused(case: Case, folder: Path) -> tuple[float, int, list[str]]:
    """Return seconds, exit code and the lines that the training of a folder says."""
    length = f"model.context_length={case.length}"
    model = ("model=local", f"model.path={folder}", length, f"trainer.max_length={case.length}")
    command = [sys.executable, "train.py", *model, f"strategy={case.strategy}", f"output={folder}/run"]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return time.perf_counter() - begin, done.returncode, done.stderr.splitlines()


if __name__ == "__main__":
    main()
