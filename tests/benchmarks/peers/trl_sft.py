"""TRL's SFTTrainer on a specification: ``trl_sft.py spec.json result.json``."""

from typing import Any

import torch
from arguments import last_loss, training_arguments
from contract import Spec, encoded, peak_rss, read_spec, supervised, versions, write_result
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer

_ROW = 16  # packed rows are a multiple of this long


def main() -> None:
    """Train, save, report."""
    spec = read_spec()
    torch.set_num_threads(spec.threads)
    tokenizer = AutoTokenizer.from_pretrained(spec.model)
    examples = encoded(spec, tokenizer)
    trainer = SFTTrainer(
        model=spec.model,
        args=SFTConfig(**_arguments(spec, examples)),
        train_dataset=Dataset.from_list(examples),
        processing_class=tokenizer,
        peft_config=_lora(spec) if spec.strategy == "lora" else None,
    )
    seconds = trainer.train().metrics["train_runtime"]
    result = {
        "seconds": seconds,
        "examples": len(examples),
        "supervised": supervised(examples),
        "rss": peak_rss(),
        "loss": last_loss(trainer.state.log_history),
        "steps": trainer.state.global_step,
        "versions": versions("trl", "transformers", "peft", "torch"),
    }
    trainer.save_model(spec.output)
    write_result(result)


def _arguments(spec: Spec, examples: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Return TRL's arguments; the loss keeps its default, which never holds all logits at once."""
    chosen = training_arguments(spec) | {
        "model_init_kwargs": {"dtype": "bfloat16" if spec.weights == "bf16" else "float32"},
        "max_length": spec.max_length,
        "train_sampling_strategy": "group_by_length" if spec.grouped else "sequential",
        "gradient_checkpointing": spec.checkpointing,
    }
    return chosen | _packing(spec, examples) if spec.packed else chosen


def _packing(spec: Spec, examples: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Return rows that hold ``micro_batch_size`` examples on average, so that a step holds ``batch_size``."""
    lengths = [len(example["input_ids"]) for example in examples]
    wanted = max(max(lengths), round(spec.micro_batch_size * sum(lengths) / len(lengths)))
    return {"packing": True, "max_length": -(-wanted // _ROW) * _ROW, "per_device_train_batch_size": 1}


def _lora(spec: Spec) -> LoraConfig:
    return LoraConfig(
        r=spec.r,
        lora_alpha=spec.alpha,
        lora_dropout=spec.dropout,
        target_modules=spec.targets,
        task_type="CAUSAL_LM",
    )


if __name__ == "__main__":
    main()
