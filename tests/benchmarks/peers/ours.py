"""R1 Tailor on a specification: ``ours.py spec.json result.json``, in the project's environment."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning
import torch
from ceiling import Possible, Rate, distinct, model_sizes, necessary_flops
from composition import compose
from contract import Spec, peak_rss, read_spec, versions, write_result

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample, tokenize
from r1tailor.curriculum import Material, course
from r1tailor.model import load
from r1tailor.record_files import read_examples
from r1tailor.schema.settings import Settings
from r1tailor.training.fit import fit
from r1tailor.training.module import TailorModule
from r1tailor.training.phase_run import phase_run


def main() -> None:
    """Train, measure the rate of matrix products between the steps, and write the result."""
    spec = read_spec()
    torch.set_num_threads(spec.threads)
    settings = compose(spec)
    parts = {"train": read_examples(Path(spec.records)), "validation": []}
    clock = _Clock()
    metrics = fit(phase_run(settings, parts, {}, config.ROOT, Path(spec.output)))
    possible = clock.possible
    result = {
        # The whole of Lightning's fit: the slowest of the clocks, and the one most like the peers' train_runtime.
        "seconds": possible.seconds,
        "examples": metrics["examples_seen"],
        "supervised": metrics["supervised_tokens"],
        "rss": peak_rss(),
        "loss": _last_loss(Path(spec.output)),
        "steps": metrics["steps"],
        "versions": versions("torch", "transformers", "peft", "lightning"),
    }
    result["rates"] = {name: operations / possible.seconds for name, operations in possible.operations.items()}
    result["precision"] = metrics["precision"]
    result["necessary"], supervised = _necessary(spec, settings)
    if metrics["supervised_tokens"] != supervised:
        sys.exit(f"{metrics['supervised_tokens']} tokens were trained on, the examples have {supervised}")
    result["ceiling_share"] = result["necessary"] / max(possible.operations.values())
    write_result(result)


class _Clock:
    """Times ``lightning.Trainer.fit``: set-up of the loop, packing and steps, without loading and saving.

    The rates are sampled at both ends and before each step; sampling time is excluded.
    """

    possible: Possible

    def __init__(self) -> None:
        fit, step = lightning.Trainer.fit, TailorModule.training_step

        def timed(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            self.possible = Possible({"bf16": Rate(torch.bfloat16), "fp32": Rate(torch.float32)})
            fit(*args, **kwargs)
            self.possible.sample()

        def sampled(*args: Any, **kwargs: Any) -> torch.Tensor:  # noqa: ANN401
            self.possible.sample()
            return step(*args, **kwargs)

        lightning.Trainer.fit = timed  # type: ignore[method-assign]
        TailorModule.training_step = sampled  # type: ignore[method-assign]


def _last_loss(folder: Path) -> float:
    with (folder / "plots" / "loss.csv").open(encoding="utf-8") as file:
        return float(list(csv.DictReader(file))[-1]["loss"])


def _necessary(spec: Spec, settings: Settings) -> tuple[float, int]:
    """Return the operations that training takes, and the tokens that examples supervise."""
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    examples = tokenize(read_examples(Path(spec.records)), tokenizer, spec.max_length).examples
    skeleton = load.skeleton(load.load_config(settings.model, config.ROOT))
    sizes = model_sizes(skeleton, spec.targets if spec.strategy == "lora" else [], spec.r)
    counted = [distinct(micro) for micro in _micro_batches(examples, settings, tokenizer.end)]
    positions, keys = (sum(column) for column in zip(*counted, strict=True))
    supervised = sum(len(example.response) for example in examples)
    return necessary_flops(sizes, positions, keys, supervised), supervised


def _micro_batches(examples: list[TokenizedExample], settings: Settings, end: int) -> Iterator[list[tuple[int, ...]]]:
    """Yield the tokens that the model has to read of each example, micro-batch by micro-batch."""
    for members in course(settings, settings.curriculum.final, Material(examples)).steps(0):
        chosen = [examples[index] for index in members]
        for micro in pack(chosen, settings.trainer.micro_batch_tokens, end):
            yield [chosen[index].read for index in micro.members]


if __name__ == "__main__":
    main()
