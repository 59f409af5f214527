"""How large everything is: on a device, and at toy size."""

from dataclasses import dataclass

import torch
from transformers import PreTrainedConfig, Qwen2Config

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model.shapes import published

_TOY = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}


@dataclass(frozen=True)
class Workload:
    """Examples of one step: how many, and their tokens: those that all begin with, those of their own, the answer's."""

    examples: int
    shared: int
    own: int
    answer: int
    row: int  # positions of a micro-batch

    def made(self, vocabulary: int) -> list[TokenizedExample]:
        """Return the examples, of random tokens; lengths vary by a quarter, as real ones do."""
        begin = _ids(self.shared, vocabulary)
        lengths = torch.linspace(0.75, 1.25, self.examples).tolist()
        return [
            TokenizedExample(
                str(n), (*begin, *_ids(int(self.own * k), vocabulary)), _ids(int(self.answer * k), vocabulary)
            )
            for n, k in enumerate(lengths)
        ]


@dataclass(frozen=True)
class Sizes:
    toy: bool
    device: torch.device
    workloads: dict[str, Workload]
    context: Workload
    steps: int

    @classmethod
    def of(cls, *, toy: bool) -> "Sizes":
        """Return the sizes of a device, or toys."""
        if toy:
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            workloads = {"short": Workload(4, 20, 6, 4, 256), "reasoning": Workload(2, 5, 8, 150, 256)}
            return cls(True, device, workloads, Workload(1, 1, 100, 50, 256), 1)
        workloads = {
            "short": Workload(64, 150, 50, 4, 16_384),
            "long": Workload(8, 20, 3_500, 50, 16_384),
            "reasoning": Workload(16, 50, 100, 1_500, 16_384),
        }
        return cls(False, torch.device("cuda"), workloads, Workload(1, 1, 24_000, 8_000, 32_768), 3)

    def shape(self, billions: str) -> PreTrainedConfig:
        """Return the architecture of a distill of R1, or a toy of its kind."""
        if self.toy:
            return Qwen2Config(**_TOY, num_key_value_heads=2, vocab_size=512, pad_token_id=0)
        found = published(f"deepseek-ai/DeepSeek-R1-Distill-Qwen-{billions}B")
        assert found is not None
        return found


def _ids(count: int, vocabulary: int) -> tuple[int, ...]:
    return tuple(torch.randint(3, vocabulary, (max(count, 1),)).tolist())
