"""Strategy, optimizer, scheduler and trainer: settings that cannot be meant are refused."""

from collections.abc import Callable

import pytest

from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings
from tests.support.refusals import ADAMW, COSINE, CPU, LORA, faults_of

PREFIXES = "torch.optim., transformers.optimization., bitsandbytes.optim., torchao.optim."

REFUSED: list[tuple[str, list[str]]] = [
    (
        "trainer.early_stopping.patiense=2",
        [f"trainer.early_stopping.patiense is not a setting of {CPU}. Did you mean trainer.early_stopping.patience?"],
    ),
    ("strategy.r=eight", [f"strategy.r = 'eight': must be an integer ({LORA})"]),
    ("strategy.r=[1,2]", [f"strategy.r = [1, 2]: must be an integer ({LORA})"]),
    ("strategy.r=1.5", [f"strategy.r = 1.5: must be an integer ({LORA})"]),
    ("strategy.r=0", [f"strategy.r = 0: must be greater than 0 ({LORA})"]),
    ("optimizer.lr=fast", [f"optimizer.lr = 'fast': must be a number ({ADAMW})"]),
    ("optimizer.arguments=3", [f"optimizer.arguments = 3: must be a mapping ({ADAMW})"]),
    (
        "trainer.precision=bf61",
        ["trainer.precision = 'bf61': must be one of auto, bf16, fp16, fp32. Did you mean bf16?"],
    ),
    (
        "optimizer._target_=os.system",
        [f"optimizer: _target_ = 'os.system' is not allowed; an optimizer comes from {PREFIXES} ({ADAMW})"],
    ),
    (
        "trainer.precision=fp16",
        [f"trainer: precision = fp16 needs a GPU (trainer=gpu); on a CPU use bf16 or fp32 ({CPU})"],
    ),
    ("scheduler.warmup_steps=10000", [f"scheduler: warmup_steps must be below reference_steps ({COSINE})"]),
    (
        "trainer.devices=2",
        [
            "trainer: parallel = none does not go with devices = 2: one device is trainer.parallel=none, "
            f"several are trainer.parallel=ddp or fsdp ({CPU})"
        ],
    ),
    (
        "trainer.parallel=ddp trainer.devices=3 trainer.nodes=2",
        [f"trainer: devices = 3 cannot be shared out evenly over nodes = 2 ({CPU})"],
    ),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults


@pytest.mark.parametrize(
    "target", ["os.system", "builtins.eval", "torch.load", "torch.optimx.AdamW", "AdamW", "optim."]
)
def test_an_optimizer_from_elsewhere_is_refused_by_the_schema(target: str, settings: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match="is not allowed; an optimizer comes from"):
        settings(f"optimizer._target_={target}")
