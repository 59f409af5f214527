"""One table of bad command lines, and the one message each of them gets."""

from collections.abc import Callable
from typing import get_args

import pytest

from r1tailor.schema.corpus import CleaningRule
from r1tailor.schema.settings import Settings
from tests.support.commands import Done

# A folder that is refused before any work: were a faulty composition ever accepted, nothing would train.
GUARD = "output=data/never"
LORA, CPU = "strategy=lora (conf/strategy/lora.yaml)", "trainer=cpu (conf/trainer/cpu.yaml)"
MEDICAL, ADAMW = "domain=medical (conf/domain/medical.yaml)", "optimizer=adamw (conf/optimizer/adamw.yaml)"
COSINE, MODEL = "scheduler=cosine (conf/scheduler/cosine.yaml)", "model=smollm2 (conf/model/smollm2.yaml)"
WHOLE = "the composition (conf/config.yaml)"
SECTIONS = ", ".join(Settings.model_fields)
METRICS = "perplexity, bleu, category_accuracy, chapter_accuracy, chapter_accuracy_ranked, entity_coverage, compliance"
RULES = ", ".join(get_args(CleaningRule))
DOMAINS = "education, education_zh, finance, generic, legal, legal_zh, medical, medical_zh, medical_zh_symptoms"
TRACKED = "DVC or the registry keeps its files there; choose outputs/runs/<name>"
PREFIXES = "torch.optim., transformers.optimization., bitsandbytes.optim., torchao.optim."
NO_RANK = f"strategy.rnk is not a setting of {LORA}. Did you mean strategy.r?"
CURRICULA = "by_difficulty, by_length, by_level, by_task, competence, shuffled"
NO_LORRA = "strategy=lorra: there is no such option. Did you mean lora? conf/strategy has: full, lora"
NO_SEED = f"seed = 'x': must be an integer ({WHOLE})"
NO_STEPS = f"trainer.max_steps = 0: must be greater than 0 ({CPU})"
NO_PATH = "domain.sources.0.path is required: give domain.sources.0.path=..."
NO_MODEL = "model.path is required: give model.path=..."
HEXADECIMAL = "must match pattern '^[0-9a-f]{64}$'"

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
    (
        "trainer.early_stopping.patiense=2",
        [f"trainer.early_stopping.patiense is not a setting of {CPU}. Did you mean trainer.early_stopping.patience?"],
    ),
    ("domain.task.labls=[a]", [f"domain.task.labls is not a setting of {MEDICAL}. Did you mean domain.task.labels?"]),
    (
        "domain.sources.0.pakage=x",
        [f"domain.sources.0.pakage is not a setting of {MEDICAL}. Did you mean domain.sources.0.package?"],
    ),
    ("model.lora.rate=1", [f"model.lora.rate is not a setting of {MODEL}. Allowed: lr, target_modules"]),
    # options that do not exist
    ("strategy=lorra", [NO_LORRA]),
    ("-m strategy=lora,lorra", [NO_LORRA]),
    (
        "domain=medcal",
        [f"domain=medcal: there is no such option. Did you mean medical? conf/domain has: {DOMAINS}"],
    ),
    ("optimizer=adam", ["optimizer=adam: there is no such option. Did you mean adamw? conf/optimizer has: adamw, sgd"]),
    ("curriculum=zzz", [f"curriculum=zzz: there is no such option. conf/curriculum has: {CURRICULA}"]),
    ("--config-name=debgu", ["--config-name=debgu: there is no such file in conf/. It has: config, debug"]),
    # values of another type
    ("strategy.r=eight", [f"strategy.r = 'eight': must be an integer ({LORA})"]),
    ("strategy.r=[1,2]", [f"strategy.r = [1, 2]: must be an integer ({LORA})"]),
    ("strategy.r=1.5", [f"strategy.r = 1.5: must be an integer ({LORA})"]),
    ("seed=true", [f"seed = True: must be an integer ({WHOLE})"]),
    ("optimizer.lr=fast", [f"optimizer.lr = 'fast': must be a number ({ADAMW})"]),
    ("optimizer.arguments=3", [f"optimizer.arguments = 3: must be a mapping ({ADAMW})"]),
    # values out of range
    ("strategy.r=0", [f"strategy.r = 0: must be greater than 0 ({LORA})"]),
    ("domain.split.test=1.0", [f"domain.split.test = 1.0: must be less than 1 ({MEDICAL})"]),
    ("seed=-1", [f"seed = -1: must be greater than or equal to 0 ({WHOLE})"]),
    # words that are not in their list
    (
        "trainer.precision=bf61",
        ["trainer.precision = 'bf61': must be one of auto, bf16, fp16, fp32. Did you mean bf16?"],
    ),
    ("model.chat=deepsek", ["model.chat = 'deepsek': must be one of tokenizer, deepseek. Did you mean deepseek?"]),
    (
        "domain.cleaning.rules=[straighten_quote]",
        [f"domain.cleaning.rules.0 = 'straighten_quote': must be one of {RULES}. Did you mean straighten_quotes?"],
    ),
    (
        "domain.goals=[{metric:belu,at_least:1,why:x}]",
        [f"domain.goals.0.metric = 'belu': must be one of {METRICS}. Did you mean bleu?"],
    ),
    ("domain.sources.0.sha256=abc", [f"domain.sources.0.sha256 = 'abc': {HEXADECIMAL} ({MEDICAL})"]),
    (
        "optimizer._target_=os.system",
        [f"optimizer: _target_ = 'os.system' is not allowed; an optimizer comes from {PREFIXES} ({ADAMW})"],
    ),
    # values that do not go together
    (
        "trainer.precision=fp16",
        [f"trainer: precision = fp16 needs a GPU (trainer=gpu); on a CPU use bf16 or fp32 ({CPU})"],
    ),
    (
        "domain.split.validation=0.9 domain.split.test=0.1",
        [f"domain.split: validation + test must be below 1, or nothing is left to train on ({MEDICAL})"],
    ),
    ("scheduler.warmup_steps=10000", [f"scheduler: warmup_steps must be below reference_steps ({COSINE})"]),
    ("domain.goals=[{metric:bleu,why:x}]", [f"domain.goals.0: a goal has either at_least or at_most ({MEDICAL})"]),
    ("domain.goals=[{metric:bleu,at_least:1}]", [f"domain.goals.0.why is missing from {MEDICAL}"]),
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
