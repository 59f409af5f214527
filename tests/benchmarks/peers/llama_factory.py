"""LLaMA-Factory on a specification: ``llama_factory.py spec.json result.json``.

Its defaults are kept (gradient checkpointing on, base weights in bf16, trained ones in fp32). The tokens are passed
through its ``tokenized_path``, because its chat templates would tokenise the same examples differently.
"""

import json
import os
import sys
import tempfile
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from contract import Spec, encoded, peak_rss, read_spec, supervised, versions, write_result


def main() -> None:
    """Train, save, report."""
    spec = read_spec()
    os.environ["OMP_NUM_THREADS"] = str(spec.threads)
    _stand_in_for_torchaudio()
    import torch
    from datasets import Dataset, DatasetDict
    from llamafactory.train.tuner import run_exp
    from transformers import AutoTokenizer

    torch.set_num_threads(spec.threads)
    examples = encoded(spec, AutoTokenizer.from_pretrained(spec.model))
    rows = [example | {"attention_mask": [1] * len(example["labels"])} for example in examples]
    with tempfile.TemporaryDirectory() as folder:
        DatasetDict({"train": Dataset.from_list(rows)}).save_to_disk(folder)
        run_exp(args=_arguments(spec, folder))
    measured = json.loads((Path(spec.output) / "train_results.json").read_text(encoding="utf-8"))
    state = json.loads((Path(spec.output) / "trainer_state.json").read_text(encoding="utf-8"))
    result = {
        "seconds": measured["train_runtime"],
        "examples": len(examples),
        "supervised": supervised(examples),
        "rss": peak_rss(),
        "loss": [entry["loss"] for entry in state["log_history"] if "loss" in entry][-1],
        "steps": state["global_step"],
        "versions": versions("llamafactory", "transformers", "peft", "torch"),
    }
    write_result(result)


def _stand_in_for_torchaudio() -> None:
    """Make ``import torchaudio`` succeed: it is needed for audio only, and has no build for this torch."""
    stand_in = types.ModuleType("torchaudio")
    stand_in.__spec__ = ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = stand_in


def _arguments(spec: Spec, tokenized: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": spec.model,
        "template": "empty",
        "dataset": "given by tokenized_path",  # a name is required but not used
        "tokenized_path": tokenized,
        "cutoff_len": spec.max_length,
        "disable_shuffling": True,
        "finetuning_type": spec.strategy,
        "output_dir": spec.output,
        "per_device_train_batch_size": spec.micro_batch_size,
        "gradient_accumulation_steps": spec.accumulation,
        "num_train_epochs": 1.0,
        "learning_rate": spec.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": spec.warmup_steps,
        "weight_decay": spec.weight_decay,
        "max_grad_norm": spec.gradient_clip,
        "seed": spec.seed,
        "bf16": spec.products == "bf16",
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    lora = {
        "lora_rank": spec.r,
        "lora_alpha": spec.alpha,
        "lora_dropout": spec.dropout,
        "lora_target": ",".join(spec.targets),
    }
    return arguments | lora if spec.strategy == "lora" else arguments


if __name__ == "__main__":
    main()
