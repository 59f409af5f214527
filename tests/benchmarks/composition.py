"""How a benchmark's specification is said to R1 Tailor: through its own configuration, like any run."""

from peers.contract import Spec

from r1tailor import config
from r1tailor.schema.settings import Settings

_NEVER = 10**6  # steps


def compose(spec: Spec) -> Settings:
    """Return the composition that trains what the peers are told to train.

    What a peer has no counterpart for (how many positions a micro-batch holds, the curriculum) keeps its default;
    checkpoints within the run are off, as they are in the peers.
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
