"""One table of bad command lines, and the one message each of them gets."""

from collections.abc import Callable

import pytest

from r1tailor import config
from r1tailor.schema.settings import Settings
from tests.support.commands import Done
from tests.support.refusals import CPU, GUARD, LORA, WHOLE

SECTIONS = ", ".join(Settings.model_fields)
DOMAINS = ", ".join(sorted(path.stem for path in (config.ROOT / "conf" / "domain").glob("*.yaml")))
TRACKED = "DVC or the registry keeps its files there; choose outputs/runs/<name>"
NO_RANK = f"strategy.rnk is not a setting of {LORA}. Did you mean strategy.r?"
CURRICULA = "by_difficulty, by_length, by_level, by_task, competence, shuffled"
NO_LORRA = "strategy=lorra: there is no such option. Did you mean lora? conf/strategy has: full, lora, qlora"
NO_SEED = f"seed = 'x': must be an integer ({WHOLE})"
NO_STEPS = f"trainer.max_steps = 0: must be greater than 0 ({CPU})"
NO_PATH = "domain.sources.0.path is required: give domain.sources.0.path=..."
NO_MODEL = "model.path is required: give model.path=..."

# The command line; every fault it is refused for, in order.
COMMAND_LINES: list[tuple[str, list[str]]] = [
    # keys that do not exist
    ("strategy.rnk=8", [NO_RANK]),
    ("+strategy.rnk=8", [NO_RANK]),
    ("--cfg job strategy.rnk=8", [NO_RANK]),
    ("sede=1", [f"sede is not a setting of {WHOLE}. Did you mean seed?"]),
    ("+sede=1", [f"sede is not a setting of {WHOLE}. Did you mean seed?"]),
    ("zzz.qqq=1", [f"zzz is not a setting of {WHOLE}. Allowed: {SECTIONS}"]),
    ("domian.split.test=0.2", [f"domian is not a setting of {WHOLE}. Did you mean domain?"]),
    # options that do not exist
    ("strategy=lorra", [NO_LORRA]),
    ("-m strategy=lora,lorra", [NO_LORRA]),
    (
        "domain=medcal",
        [f"domain=medcal: there is no such option. Did you mean medical? conf/domain has: {DOMAINS}"],
    ),
    (
        "optimizer=adam",
        [
            "optimizer=adam: there is no such option. Did you mean adamw? conf/optimizer has: adafactor, adamw, "
            "adamw_8bit, sgd"
        ],
    ),
    ("curriculum=zzz", [f"curriculum=zzz: there is no such option. conf/curriculum has: {CURRICULA}"]),
    ("--config-name=debgu", ["--config-name=debgu: there is no such file in conf/. It has: config, debug, project"]),
    # values of another type
    ("seed=true", [f"seed = True: must be an integer ({WHOLE})"]),
    # values out of range
    ("seed=-1", [f"seed = -1: must be greater than or equal to 0 ({WHOLE})"]),
    # words that are not in their list
    # values that do not go together
    # what has to be given
    ("domain=generic", [NO_PATH]),
    ("model=local", [NO_MODEL]),
    ("domain=generic model=local", [NO_PATH, NO_MODEL]),
    ("~seed", [f"seed is missing from {WHOLE}"]),
    ("strategy.rnk=8 seed=x strategy=lorra trainer.max_steps=0", [NO_LORRA, NO_SEED, NO_RANK, NO_STEPS]),
    # not an override
    ("strategy", ["'strategy' is not an override. Write key=value, or group=option."]),
    ("strategy.r=[1", ["'strategy.r=[1' is not an override. Write key=value, or group=option."]),
    # folders of runs
    (
        "resume=true output=outputs/runs/does-not-exist",
        ["resume = true: there is no run in output = outputs/runs/does-not-exist"],
    ),
    ("output=data/x", [f"output = data/x: {TRACKED}"]),
    ("output=outputs/medical", [f"output = outputs/medical: {TRACKED}"]),
    ("output=.", [f"output = .: {TRACKED}"]),
]


def _message(faults: list[str]) -> str:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"error: {count} in the configuration:", *(f"  - {fault}" for fault in faults)])


@pytest.mark.parametrize(("line", "faults"), COMMAND_LINES, ids=[line for line, _ in COMMAND_LINES])
def test_a_mistake_is_refused_with_one_exact_message(
    line: str, faults: list[str], run_command: Callable[..., Done]
) -> None:
    done = run_command("train.py", *line.split(), *([] if "output=" in line else [GUARD]))
    reported = "\n".join(line for line in done.err.splitlines() if not line.startswith("Error executing job"))
    assert (done.code, done.out, reported) == (2, "", _message(faults))
