"""Command lines that are refused: how options are called in a message, and the faults that are found."""

import pytest

from r1tailor import command_line
from r1tailor.errors import ConfigError

# A folder that is refused before any work: were a faulty composition ever accepted, nothing would train.
GUARD = "output=data/never"
LORA, CPU = "strategy=lora (conf/strategy/lora.yaml)", "trainer=cpu (conf/trainer/cpu.yaml)"
MEDICAL, ADAMW = "domain=medical (conf/domain/medical.yaml)", "optimizer=adamw (conf/optimizer/adamw.yaml)"
COSINE, MODEL = "scheduler=cosine (conf/scheduler/cosine.yaml)", "model=smollm2 (conf/model/smollm2.yaml)"
WHOLE = "the composition (conf/config.yaml)"


def faults_of(line: str) -> list[str]:
    """Return every fault for which a command line is refused, in order."""
    with pytest.raises(ConfigError) as refusal:
        command_line.checked_arguments([*line.split(), GUARD])
    return refusal.value.faults
