"""Direct runs through the real command line: every composition, interruption and resume, sweeps."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_a_domain_of_one_yaml_goes_the_whole_way(
    run_command: Callable[..., Done], own_domain: Path, output: str, model: str, strategy: str
) -> None:
    composition = ("domain=colours", f"model={model}", f"strategy={strategy}", "trainer.max_steps=2")
    done = run_command("train.py", f"--config-dir={own_domain}", *composition, f"output={output}", *FASTER)
    assert done.code == 0, done.err
    metrics = json.loads((ROOT / output / "evaluation" / "metrics.json").read_text())
    assert set(metrics["models"]) == {"base", "tuned", "majority"}
    assert set(metrics["models"]["tuned"]["label_accuracy"]) == {"value", "low", "high"}
    assert set(metrics["comparisons"]["perplexity"]) == {"difference", "low", "high", "p"}
    assert metrics["n"] == 4
    assert store.damage(ROOT / output / "train" / "1-all" / "model") is None
    report = (ROOT / output / "evaluation" / "report.html").read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", report), "it must open offline"


def test_a_finished_run_is_not_trained_again_and_its_folder_is_not_overwritten(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    composition = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", "trainer.max_steps=2", *FASTER]
    assert run_command("train.py", *composition, f"output={output}").code == 0
    again = run_command("train.py", *composition, f"output={output}")
    assert again.code == 2
    assert "resume it with resume=true" in again.err
    resumed = run_command("train.py", *composition, f"output={output}", "resume=true")
    assert resumed.code == 0
    assert "not trained again" in resumed.out
