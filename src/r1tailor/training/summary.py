"""What the user is told of a training run: the plan before it, the metrics after it."""

from typing import Any

from r1tailor.instruction.card import statistics
from r1tailor.optimization.scheduler import warmup_steps
from r1tailor.schema.training import decided
from r1tailor.training.callbacks import History
from r1tailor.training.module import TailorModule
from r1tailor.training.phase_data import PhaseData
from r1tailor.training.phase_run import PhaseRun


def print_plan(run: PhaseRun, data: PhaseData) -> None:
    """Print what the run is going to do; later phases of a curriculum repeat nothing."""
    if run.parent:
        return
    settings, steps = run.settings, data.loader.steps
    if run.window:
        print(_windows(run))
    warmup = warmup_steps(settings.scheduler, steps.scheduled)
    print(
        f"{steps.total} optimizer steps of {settings.trainer.batch_size} examples from {len(steps.members):,}; "
        f"learning rate {decided(settings.optimizer.lr):g}, {settings.scheduler.kind}, {warmup} warm-up steps "
        f"({settings.scheduler.warmup_steps} of {settings.scheduler.reference_steps:,}, scaled to this run)"
    )
    documents = len({tokens.id for tokens in data.tokens.examples})
    if documents < len(data.tokens.examples):
        print(f"texts: {documents:,} documents are read in {len(data.tokens.examples):,} windows; nothing is left out")


def _windows(run: PhaseRun) -> str:
    assert run.window
    wanted = run.settings.temporal
    return (
        f"windows of {run.window[0]} steps of {run.window[1]} channels become {wanted.tokens} soft tokens; their "
        f"encoder ({wanted.layers} layers of width {wanted.width}) trains from random weights at learning rate "
        f"{wanted.lr:g}"
    )


def training_metrics(run: PhaseRun, data: PhaseData, module: TailorModule, history: History) -> dict[str, Any]:
    """Return what ``metrics.json`` holds: lengths in tokens, losses in nats per supervised token, times in seconds."""
    members, tokens = data.loader.steps.members, data.tokens
    real = sum(len(tokens.examples[index]) for index in members) / len(members) * history.examples
    loss, shares = history.kept(best=run.settings.trainer.early_stopping is not None)
    return {
        "steps": len(history.rows),
        "planned_steps": data.loader.steps.total,
        "examples_seen": history.examples,
        "supervised_tokens": history.supervised,
        "prompt_tokens": statistics(len(example.prompt) for example in tokens.examples),
        "response_tokens": statistics(len(example.response) for example in tokens.examples),
        "tokens_per_packed_position": round(real / history.positions, 3),
        "precision": run.settings.trainer.precision,
        "trained_parameters": sum(tensor.numel() for tensor in module.trained_state().values()),
        "best_validation_loss": loss,
        **({"validation_loss_by_phase": shares} if shares else {}),
        **({"follows_data": dict(run.chosen)} if run.chosen else {}),
        "skipped_steps": module.skipped_steps,
        "examples_left_out_too_long": len(tokens.too_long),
        **({"windows": len(tokens.examples)} if run.settings.domain.task.kind == "text" else {}),
        "seconds": round(history.seconds, 1),
        "examples_per_second": round(history.examples / history.seconds, 2),
    }
