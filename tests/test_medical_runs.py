"""The medical domain through the real command line, with every strategy and every toy architecture."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import FASTER, ROOT, Done


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_the_medical_domain_goes_the_whole_way(
    run_command: Callable[..., Done], output: str, model: str, strategy: str
) -> None:
    composition = ("domain=medical", f"model={model}", f"strategy={strategy}", "trainer.max_steps=2")
    done = run_command("train.py", *composition, f"output={output}", *FASTER)
    assert done.code == 0, done.err
    metrics = json.loads((ROOT / output / "evaluation" / "metrics.json").read_text())
    assert "chapter_accuracy_against_base_ranked" in metrics["comparisons"]
    assert metrics["models"]["majority"].keys() == {"category_accuracy", "chapter_accuracy"}
