"""One finished direct run of a toy domain, in a project's folder of its own."""

import json
from pathlib import Path

from r1tailor import config, stages, store
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER

LABELS = ("red", "green", "blue")
NAME = "colours"


FIXED = (  # in place of settings that follow the data
    "optimizer.lr=0.001",
    "trainer.max_epochs=1",
    "trainer.validations=4",
    "model.lora.target_modules=query_key_value",
)


def toy_settings(root: Path, *overrides: str) -> Settings:
    """Compose the toy domain over a file below a root."""
    source = root / "colours.jsonl"
    if not source.exists():
        rows = [{"input": f"thing {i} of kind {i * 7919}", "output": LABELS[i % 3]} for i in range(60)]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    answered = "domain.task.reasoning=keep"  # the toy's template opens <think>, and no example has reasoning
    task = (f"domain.task.labels=[{','.join(LABELS)}]", "domain.task.instruction=Which colour?", answered)
    domain = ("domain=generic", f"domain.name={NAME}", f"domain.sources.0.path={source}", *task)
    return config.load([*domain, *FIXED, "model=tiny_llama", "trainer.max_steps=2", *FASTER, *overrides])


def toy_run(root: Path, name: str = "first", *overrides: str) -> RunFolder:
    """Train and evaluate the toy domain in ``outputs/runs/<name>``."""
    folder = root / "outputs" / "runs" / name
    settings, run = toy_settings(root, *overrides), RunFolder(folder)
    store.write_text(folder / "config.yaml", config.as_yaml(settings))
    for stage in ("collect", "clean", "annotate", "instruct", "teach", "train", "variant", "evaluate", "report"):
        stages.STAGES[stage](settings, run)
    store.write_json(folder / "run.json", {"status": "done", "domain": NAME})
    return run
