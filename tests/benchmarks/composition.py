"""A benchmark's specification as an R1 Tailor composition, configured like any run."""

from peers.contract import Spec

from r1tailor import config
from r1tailor.schema.settings import Settings

_NEVER = 10**6  # steps


def compose(spec: Spec) -> Settings:
    """Return the composition that trains as the peers do.

    Settings without a counterpart in the peers (positions per micro-batch, the curriculum) keep their defaults;
    checkpoints during the run are off, as in the peers.
    """
    adapters = [
        f"strategy.r={spec.r}",
        f"strategy.alpha={spec.alpha}",
        f"strategy.dropout={spec.dropout}",
        f"strategy.target_modules=[{','.join(spec.targets)}]",
    ]
    return config.load(
        [
            *spec.model_overrides,
            f"strategy={spec.strategy}",
            *(adapters if spec.strategy == "lora" else []),
            f"seed={spec.seed}",
            "domain.task.reasoning=keep",  # the peers train on whatever stands in the text
            f"optimizer.lr={spec.learning_rate}",
            f"optimizer.weight_decay={spec.weight_decay}",
            f"optimizer.arguments.betas=[{spec.betas[0]},{spec.betas[1]}]",
            f"optimizer.arguments.eps={spec.epsilon}",
            f"scheduler.warmup_steps={spec.warmup_steps}",
            f"trainer.batch_size={spec.batch_size}",
            f"trainer.max_length={spec.max_length}",
            f"trainer.gradient_clip={spec.gradient_clip}",
            f"trainer.label_smoothing={spec.label_smoothing}",
            "trainer.max_steps=null",
            f"trainer.checkpoints.every_steps={_NEVER}",
        ]
    )
