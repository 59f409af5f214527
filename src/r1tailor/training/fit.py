"""Fine-tune one phase: data, plan, model, train, save."""

import shutil
from typing import Any

import lightning
from torch import nn

from r1tailor import artifact, store
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.kernels.recompute import recompute_layers
from r1tailor.model.licence import write_notice
from r1tailor.model.origin import base_of
from r1tailor.model.temporal import attach, encoder_of, new_encoder
from r1tailor.planning.precision import compute_dtype
from r1tailor.strategy import Strategy, load_base, open_strategy, restore_tuned, save_tuned
from r1tailor.training.callbacks import History
from r1tailor.training.checkpoint_policy import KeepBest, refuse_if_not_finite
from r1tailor.training.loggers import one_run
from r1tailor.training.memory import keep_freed_memory
from r1tailor.training.module import TailorModule
from r1tailor.training.parallel import rank
from r1tailor.training.phase_data import phase_data
from r1tailor.training.phase_run import PhaseRun
from r1tailor.training.resume import CODE, code_versions, state_to_resume
from r1tailor.training.sharded import make_whole
from r1tailor.training.summary import print_plan, training_metrics
from r1tailor.training.trainer import explained_failures, new_trainer


def fit(run: PhaseRun) -> dict[str, Any]:
    """Train one phase, write its best weights (without early stopping its last) to ``run.model``, return its metrics.

    An interrupted run in the same folder is resumed if it is the same run. The optimizer starts again in each phase,
    and so does the schedule unless ``scheduler.over`` is ``run``; the weights continue from the phase before.

    Raises:
        UserError: the run cannot work, or the checkpoint found belongs to another run.
        TrainingError: training broke down.
        Interrupted: a signal came; the checkpoint is written.
    """
    keep_freed_memory()
    data = phase_data(run)
    print_plan(run, data)

    state = state_to_resume(run)
    lightning.seed_everything(run.settings.seed, verbose=False)
    strategy = open_strategy(run.settings.strategy)
    steps = data.loader.steps
    module = TailorModule(_model(run, strategy), run.settings, steps.scheduled, data.shares, steps.begin)

    chosen = bool(data.loader.validation) and run.settings.trainer.early_stopping is not None
    history, best = History(), KeepBest(run.checkpoints, chosen=chosen)
    trainer = new_trainer(run, data.loader, history, best)
    with explained_failures(run.settings), one_run():
        trainer.fit(module, datamodule=data.loader, ckpt_path=state, weights_only=False)
    if best.best_model_path:
        checkpoints: Any = trainer.strategy
        module.load_trained_state(checkpoints.checkpoint_io.load_checkpoint(best.best_model_path)["state_dict"])
    trainer.strategy.barrier()  # every process has read the best weights; rank 0 removes the checkpoints next

    metrics = training_metrics(run, data, module, history)
    refuse_if_not_finite(module, "at the end")
    make_whole(module)
    if rank() == 0:
        _save(run, strategy, module, run.tokens.tokenizer)
        store.write_json(run.metrics_file, metrics)
        history.write(run.folder / "plots")
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    return metrics


def _model(run: PhaseRun, strategy: Strategy) -> nn.Module:
    """Return the model that trains: the base, what the strategy adds, and the weights of the phase before."""
    settings = run.settings
    mapped = settings.trainer.parallel == "fsdp"  # and copied when it is divided (training/sharded.py)
    base = load_base(settings, run.root, strategy.base_dtype(compute_dtype(settings)), mapped=mapped)
    model = strategy.apply(base)
    if settings.trainer.gradient_checkpointing:
        recompute_layers(model)
    if run.parent:
        restore_tuned(strategy, model, run.parent, temporal=bool(run.window))
    elif run.window:
        attach(model, new_encoder(settings.temporal, run.window, model, settings.seed))
    return model


def _save(run: PhaseRun, strategy: Strategy, module: TailorModule, tokenizer: ChatTokenizer) -> None:
    """Write the trained model whole: plain peft or transformers layout, tokenizer, manifest last."""
    facts = artifact.Facts(
        kind=strategy.kind,
        base=base_of(run.settings.model, run.root, run.settings.seed),
        precision=run.settings.trainer.precision,
        tokenizer=tokenizer.sha256,
        chat_template=tokenizer.template_sha256,
        temporal=encoder_of(module.model) is not None,
        parent=run.identity["parent"],
    )
    with artifact.written(run.model, facts, run.identity | {CODE: code_versions(run)}) as temporary:
        save_tuned(strategy, module.model, temporary, facts.base)
        write_notice(run.settings.model, temporary)
        tokenizer.tokenizer.save_pretrained(temporary)
