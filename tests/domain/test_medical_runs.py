"""The medical domain with every strategy and toy architecture: the way to the examples once, the rest for each."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.layout import RunFolder
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder up to its examples."""
    folder = tmp_path_factory.mktemp("medical")
    settings = config.load(["domain=medical", *FASTER])
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
        stage(settings, RunFolder(folder))
    return folder


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_the_medical_domain_is_trained_and_evaluated(prepared: Path, tmp_path: Path, model: str, strategy: str) -> None:
    shutil.copytree(prepared, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    settings = config.load(["domain=medical", f"model={model}", f"strategy={strategy}", "trainer.max_steps=2", *FASTER])
    stages.train(settings, run)
    stages.evaluate(settings, run)
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert "chapter_accuracy_against_base_ranked" in metrics["comparisons"]
    assert metrics["models"]["majority"].keys() == {"category_accuracy", "chapter_accuracy"}


def test_the_medical_domain_goes_the_whole_way_from_the_command_line(
    run_command: Callable[..., Done], output: str
) -> None:
    done = run_command("train.py", "model=tiny_llama", "trainer.max_steps=2", f"output={output}", *FASTER)
    assert done.code == 0, done.err
    assert (ROOT / output / "evaluation" / "report.html").exists()
