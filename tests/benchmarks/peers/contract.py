"""The contract between the harness and every engine: JSON specification in, JSON result out.

Only the standard library is imported here, because each engine has its own environment.
"""

import json
import resource
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

IGNORED = -100  # the label of a position that is not supervised, in every trainer of the family


@dataclass(frozen=True)
class Spec:
    """One training run, in terms common to all engines.

    Attributes:
        model: folder of the base model in Hugging Face layout.
        model_overrides: the overrides that select that model in R1 Tailor.
        records: R1 Tailor's examples; their order follows from ``seed``.
        train: the same examples as texts ``prompt_text`` and ``completion_text``, in that order.
        output: where the trained weights go.
        targets: leaf names of the layers that LoRA adapts.
        batch_size: examples per optimizer step.
        micro_batch_size: examples computed at once; a divisor of ``batch_size``.
        weights: dtype of the weights that a peer loads.
        products: precision of a peer's matrix products: ``bf16`` (autocast) or ``fp32``; R1 Tailor uses the faster.
        grouped: whether the peer groups examples by length itself, instead of keeping the given order.
        packed: whether the peer packs examples into rows.
        checkpointing: whether the peer recomputes activations to save memory.
    """

    model: str
    model_overrides: list[str]
    records: str
    train: str
    output: str
    strategy: str
    targets: list[str]
    seed: int
    learning_rate: float
    batch_size: int
    micro_batch_size: int
    max_length: int
    weights: str = "fp32"
    products: str = "bf16"
    grouped: bool = False
    packed: bool = False
    checkpointing: bool = False
    r: int = 16
    alpha: int = 32
    dropout: float = 0.1
    # What engines define differently is switched off: which tensors decay, how warm-up is counted
    # (transformers' first step has rate 0, R1 Tailor's has not), how smoothing is averaged.
    weight_decay: float = 0.0
    warmup_steps: int = 0
    label_smoothing: float = 0.0
    gradient_clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    threads: int = 2

    @property
    def accumulation(self) -> int:
        """Return the number of micro-batches per optimizer step."""
        return self.batch_size // self.micro_batch_size


def read_spec() -> Spec:
    """Return the specification named by the first argument of the command line."""
    return Spec(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


def encoded(spec: Spec, tokenizer: Any) -> list[dict[str, list[int]]]:  # noqa: ANN401
    """Return ``input_ids`` and ``labels`` of every example; prompts are masked.

    Prompt and completion are tokenised separately, as in R1 Tailor, so that all engines train on the same tokens.
    """
    examples = []
    for line in Path(spec.train).read_text(encoding="utf-8").splitlines():
        texts = json.loads(line)
        prompt = tokenizer(texts["prompt_text"], add_special_tokens=False)["input_ids"]
        completion = tokenizer(texts["completion_text"], add_special_tokens=False)["input_ids"]
        labels = [IGNORED] * len(prompt) + completion
        examples.append({"input_ids": prompt + completion, "labels": labels})
    return examples


def supervised(examples: list[dict[str, list[int]]]) -> int:
    """Return the number of supervised tokens."""
    return sum(label != IGNORED for example in examples for label in example["labels"])


def peak_rss() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes on Linux


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of packages."""
    return {package: metadata.version(package) for package in packages}


def write_result(result: dict[str, Any]) -> None:
    """Write the result to the file named by the second argument of the command line."""
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
