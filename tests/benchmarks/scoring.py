"""One judge for all engines: ``scoring.py request.json result.json``.

Plain transformers and peft, fp32 throughout, one example at a time: no engine's own code. The score is
the negative log-likelihood per answer token (nats) over held-out examples.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    """Score one trained model."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(request["threads"])
    model = _model(request["model"], request["trained"], request["strategy"])
    tokenizer = AutoTokenizer.from_pretrained(request["model"])
    total, tokens = 0.0, 0
    for line in Path(request["examples"]).read_text(encoding="utf-8").splitlines():
        texts = json.loads(line)
        prompt, answer = (
            tokenizer(texts[key], add_special_tokens=False)["input_ids"] for key in ("prompt_text", "completion_text")
        )
        total += _loss(model, prompt, answer)
        tokens += len(answer)
    Path(sys.argv[2]).write_text(json.dumps({"loss": total / tokens, "tokens": tokens}), encoding="utf-8")


def _model(base: str, trained: str | None, strategy: str) -> nn.Module:
    """Return the base model, with adapters or with all weights replaced."""
    source = trained if trained and strategy == "full" else base
    model: nn.Module = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    if trained and strategy == "lora":
        model = PeftModel.from_pretrained(model, trained)
    return model.eval()


@torch.no_grad()
def _loss(model: nn.Module, prompt: list[int], answer: list[int]) -> float:
    """Return the summed negative log-likelihood of an answer after a prompt."""
    ids = torch.tensor([prompt + answer])
    logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1]
    return float(F.cross_entropy(logits.float(), torch.tensor(answer), reduction="sum"))


if __name__ == "__main__":
    main()
