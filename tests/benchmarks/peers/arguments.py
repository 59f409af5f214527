"""transformers' training arguments for a specification, shared by TRL's and transformers' trainers."""

from typing import Any

from contract import Spec


def training_arguments(spec: Spec) -> dict[str, Any]:
    """Return the arguments that make a trainer of the transformers family follow a specification."""
    return {
        "output_dir": spec.output,
        "per_device_train_batch_size": spec.micro_batch_size,
        "gradient_accumulation_steps": spec.accumulation,
        "num_train_epochs": 1,
        "learning_rate": spec.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": spec.warmup_steps,
        "weight_decay": spec.weight_decay,
        "adam_beta1": spec.betas[0],
        "adam_beta2": spec.betas[1],
        "adam_epsilon": spec.epsilon,
        "max_grad_norm": spec.gradient_clip,
        "label_smoothing_factor": spec.label_smoothing,
        "seed": spec.seed,
        "bf16": spec.products == "bf16",
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def last_loss(log_history: list[dict[str, Any]]) -> float:
    """Return the training loss of the last optimizer step."""
    return float([entry["loss"] for entry in log_history if "loss" in entry][-1])
