"""A base in 4 bits against one in bf16: ``python tests/benchmarks/qlora.py [--steps 40] [--parts lora,qlora,peft]``.

SmolLM2-135M learns codes of ICD-10-CM from their descriptions, three times from the same adapters, over the same
examples in the same order: adapters over bf16 (``lora``), over nf4 with double quantisation (``qlora``), and plain peft
over plain bitsandbytes, one padded batch at a time (``peft``). Each runs in a process of its own, on one thread. Told
are the loss on examples that none has seen, before and after (nats a token), the process's peak memory, and the bytes
of the base's weights. The last line of each part is ``name=value`` pairs.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from lxml import etree
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample, tokenize
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.optimization import optimizer, scheduler
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_base, open_strategy

_LIST = "data/packaged/icd10cm/icd10c-tabular-April-1-2026.xml"
_BATCH, _HELD_OUT, _SEED = 8, 64, 3
_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_PADDED = 4  # examples at once, with plain peft
Loss = Callable[[Sequence[TokenizedExample]], Iterator[tuple[Tensor, int]]]  # summed, over so many tokens


def main() -> None:
    """Run each part in a process of its own, or one part here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40, help="optimizer steps of 8 examples")
    parser.add_argument("--parts", default="lora,qlora,peft", help="some of lora, qlora, peft")
    parser.add_argument("--here", choices=["lora", "qlora", "peft"], help="measure one part in this process")
    asked = parser.parse_args()
    if asked.here:
        print(" ".join(f"{name}={value}" for name, value in measured(asked.here, asked.steps).items()), flush=True)
        return
    for part in asked.parts.split(","):
        subprocess.run([sys.executable, __file__, "--here", part, "--steps", str(asked.steps)], check=True)


def composed(part: str) -> Settings:
    """Return the composition of a part."""
    return config.load(
        [
            *("model=smollm2", f"strategy={'lora' if part == 'lora' else 'qlora'}", "strategy.dropout=0.0"),
            *(f"strategy.target_modules=[{','.join(_TARGETS)}]", "trainer.precision=bf16", "optimizer.lr=5e-4"),
            *("optimizer.arguments.fused=false", "scheduler.warmup_steps=500", "trainer.max_length=256"),
        ]
    )


def measured(part: str, steps: int) -> dict[str, str]:
    """Train and judge one part."""
    torch.set_num_threads(1)
    settings = composed(part)
    tokens = examples(settings, steps * _BATCH + _HELD_OUT)
    held, train = tokens[:_HELD_OUT], tokens[_HELD_OUT:]
    torch.manual_seed(_SEED)
    model, loss = plain(settings) if part == "peft" else ours(settings)
    weights = sum(parameter.nbytes for parameter in model.parameters() if not parameter.requires_grad)
    began, before = time.process_time(), judged(model, loss, held)
    built = optimizer.build(model, settings)
    for step in range(steps):
        batch = train[step * _BATCH : (step + 1) * _BATCH]
        total = sum(len(one.response) for one in batch)
        for group in built.param_groups:
            group["lr"] = 5e-4 * scheduler.factor(settings.scheduler, step, steps)
        model.train()
        for summed, _ in loss(batch):
            (summed / total).backward()
        nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        built.step()
        built.zero_grad()
    after = judged(model, loss, held)
    return {
        "part": part,
        "steps": str(steps),
        "before": f"{before:.4f}",
        "after": f"{after:.4f}",
        "weights_mb": f"{weights / 1e6:.1f}",
        "peak_mb": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
        "cpu_s": f"{time.process_time() - began:.0f}",
    }


def examples(settings: Settings, count: int) -> list[TokenizedExample]:
    """Return so many codes to be learnt, in an order of their own, in tokens."""
    found = etree.parse(config.ROOT / _LIST).getroot().iter("diag")
    pairs = [(one.findtext("desc") or "", one.findtext("name") or "") for one in found]
    random.Random(_SEED).shuffle(pairs)
    made = [Example(str(i), "Give the ICD-10-CM code.", text, code) for i, (text, code) in enumerate(pairs[:count])]
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    return list(tokenize(made, tokenizer, settings.trainer.max_length).examples)


def ours(settings: Settings) -> tuple[nn.Module, Loss]:
    """Return our model, and its loss over packed rows."""
    model = open_strategy(settings.strategy).apply(load_base(settings, config.ROOT, torch.bfloat16))

    def loss(batch: Sequence[TokenizedExample]) -> Iterator[tuple[Tensor, int]]:
        for row in pack(batch, settings.trainer.micro_batch_tokens, 0):
            with torch.autocast("cpu", torch.bfloat16):
                summed = summed_loss(model, row, 0.0)
            yield summed, row.supervised

    return model, loss


def plain(settings: Settings) -> tuple[nn.Module, Loss]:
    """Return plain peft over plain transformers and bitsandbytes, and its loss over padded batches."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    nf4 = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    folder = load.folder_of(settings.model, config.ROOT)  # type: ignore[arg-type]
    base = AutoModelForCausalLM.from_pretrained(folder, quantization_config=nf4, dtype=torch.bfloat16)
    for layer in base.modules():
        if type(layer).__name__ == "Linear4bit":
            layer.support_avx512bf16_for_cpu = False  # what it packs for evaluation cannot train any more
    adapters = LoraConfig(r=16, lora_alpha=32, target_modules=list(_TARGETS), task_type="CAUSAL_LM")
    model: Any = get_peft_model(base, adapters)

    def loss(batch: Sequence[TokenizedExample]) -> Iterator[tuple[Tensor, int]]:
        for start in range(0, len(batch), _PADDED):
            some = batch[start : start + _PADDED]
            width = max(len(one.prompt) + len(one.response) for one in some)
            ids, labels = torch.zeros(len(some), width, dtype=torch.long), torch.full((len(some), width), -100)
            mask = torch.zeros_like(ids)
            for row, one in enumerate(some):
                known = len(one.prompt) + len(one.response)
                mask[row, :known] = 1
                ids[row, :known] = torch.tensor([*one.prompt, *one.response])
                labels[row, len(one.prompt) : known] = torch.tensor(one.response)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            flat = logits[:, :-1].float().flatten(0, 1)
            summed = F.cross_entropy(flat, labels[:, 1:].flatten(), ignore_index=-100, reduction="sum")
            yield summed, sum(len(one.response) for one in some)

    return model, loss


def judged(model: nn.Module, loss: Loss, held: Sequence[TokenizedExample]) -> float:
    """Return the loss on examples that were not trained on, in nats a token."""
    model.eval()
    with torch.no_grad():
        parts = [(float(summed), count) for summed, count in loss(held)]
    return sum(summed for summed, _ in parts) / sum(count for _, count in parts)


if __name__ == "__main__":
    main()
