"""transformers' Trainer on a specification: ``hf_trainer.py spec.json result.json``."""

import torch
from arguments import last_loss, training_arguments
from contract import IGNORED, Spec, encoded, peak_rss, read_spec, supervised, versions, write_result
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, DataCollatorForSeq2Seq, Trainer, TrainingArguments


def main() -> None:
    """Train, save, report."""
    spec = read_spec()
    torch.set_num_threads(spec.threads)
    tokenizer = AutoTokenizer.from_pretrained(spec.model)
    examples = encoded(spec, tokenizer)
    arguments = training_arguments(spec) | {
        "train_sampling_strategy": "group_by_length" if spec.grouped else "sequential",
        "gradient_checkpointing": spec.checkpointing,
    }
    trainer = Trainer(
        model=_model(spec),
        args=TrainingArguments(**arguments),
        train_dataset=examples,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
    )
    seconds = trainer.train().metrics["train_runtime"]
    result = {
        "seconds": seconds,
        "examples": len(examples),
        "supervised": supervised(examples),
        "rss": peak_rss(),
        "loss": last_loss(trainer.state.log_history),
        "steps": trainer.state.global_step,
        "versions": versions("transformers", "peft", "torch"),
    }
    trainer.save_model(spec.output)
    write_result(result)


def _model(spec: Spec) -> nn.Module:
    torch.manual_seed(spec.seed)  # adapters start at random
    dtype = torch.bfloat16 if spec.weights == "bf16" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(spec.model, dtype=dtype)
    if spec.strategy == "full":
        return model
    lora = LoraConfig(
        r=spec.r,
        lora_alpha=spec.alpha,
        lora_dropout=spec.dropout,
        target_modules=spec.targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, lora)


if __name__ == "__main__":
    main()
