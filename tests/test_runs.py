"""Direct runs through the real command line: every composition, interruption and resume, sweeps."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file

from r1tailor import store
from tests.conftest import ROOT, Done

FAST = ("trainer.batch_size=4", "trainer.validation_examples=4", "trainer.precision=fp32", "evaluation.max_items=4")
FASTER = (*FAST, "evaluation.max_new_tokens=4", "evaluation.resamples=100", "seed=3")


@pytest.fixture
def own_jsonl(tmp_path: Path) -> Path:
    """Anybody's JSONL: sixty questions with one of three answers."""
    labels = ("red", "green", "blue")
    rows = [
        {"instruction": "Which colour?", "input": f"thing {i} of kind {i * 7919}", "output": labels[i % 3]}
        for i in range(60)
    ]
    path = tmp_path / "colours.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def own_domain(tmp_path: Path, own_jsonl: Path) -> Path:
    """A domain of one YAML and no code."""
    conf = tmp_path / "conf"
    (conf / "domain").mkdir(parents=True)
    generic = (ROOT / "conf" / "domain" / "generic.yaml").read_text(encoding="utf-8")
    mine = generic.replace("name: generic", "name: colours").replace("???", str(own_jsonl))
    mine = mine.replace("labels: null", "labels: [red, green, blue]").replace("test: 0.10", "test: 0.20")
    (conf / "domain" / "colours.yaml").write_text(mine, encoding="utf-8")
    return conf


@pytest.fixture
def output() -> Iterator[str]:
    """A folder for one direct run, removed afterwards."""
    name = f"outputs/runs/test-{time.time_ns()}"
    yield name
    subprocess.run(["rm", "-rf", str(ROOT / name)], check=True)


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
    assert store.damage(ROOT / output / "train" / "model") is None
    report = (ROOT / output / "evaluation" / "report.html").read_text()
    assert "https://" not in report.replace(_plotly_script(report), "")
    assert (ROOT / "outputs" / "runs" / "latest").resolve() == ROOT / output


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_an_interrupted_run_resumes_to_the_same_weights_bit_for_bit(
    run_command: Callable[..., Done], own_domain: Path, output: str, number: int, strategy: str
) -> None:
    composition = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", f"strategy={strategy}"]
    composition += ["trainer.max_epochs=6", "trainer.validations=3", *FASTER]
    whole = run_command("train.py", *composition, f"output={output}-whole")
    assert whole.code == 0, whole.err

    stopped = _interrupt(["train.py", *composition, f"output={output}"], ROOT / output, number)
    assert stopped.code == 128 + number, stopped.err
    assert "resume=true" in stopped.err
    assert "Traceback" not in stopped.err
    last = ROOT / output / "train" / "checkpoints" / "last"
    assert store.damage(last) is None

    other = run_command("train.py", *composition, f"output={output}", "resume=true", "trainer.gradient_clip=0.5")
    assert other.code == 2
    assert "trainer.gradient_clip" in other.err

    resumed = run_command("train.py", *composition, f"output={output}", "resume=true")
    assert resumed.code == 0, resumed.err
    assert f"resuming from {last}" in resumed.out
    assert _weights(ROOT / f"{output}-whole") == _weights(ROOT / output)
    assert _curve(ROOT / f"{output}-whole") == _curve(ROOT / output)
    subprocess.run(["rm", "-rf", str(ROOT / f"{output}-whole")], check=True)


def test_a_finished_run_is_not_trained_again_and_its_folder_is_not_overwritten(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    composition = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", "trainer.max_steps=2", *FASTER]
    assert run_command("train.py", *composition, f"output={output}").code == 0
    again = run_command("train.py", *composition, f"output={output}")
    assert again.code == 2
    assert "resume=true goes on with it" in again.err
    resumed = run_command("train.py", *composition, f"output={output}", "resume=true")
    assert resumed.code == 0
    assert "not trained again" in resumed.out


def test_a_sweep_survives_a_run_that_fails_and_ends_with_one_table(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    sweep = f"hydra.sweep.dir={output}"
    choices = ("strategy=lora,full", "model=tiny_qwen2,tiny_llama", "trainer.max_steps=1")
    done = run_command(
        "train.py",
        f"--config-dir={own_domain}",
        "-m",
        "domain=colours",
        *choices,
        "trainer.max_length=100,5000",
        sweep,
        *FASTER,
    )
    assert done.code == 1
    records = json.loads((ROOT / output / "sweep.json").read_text())
    assert [record["status"] for record in records] == ["done", "failed"] * 4
    assert "max_length = 5,000" in records[1]["error"]
    assert "8 runs" in done.out
    assert "perplexity" in done.out


def _interrupt(arguments: list[str], folder: Path, number: int) -> Done:
    """Start a run and send a signal once it trains."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not (folder / "train" / "checkpoints" / "last").exists():
        time.sleep(0.002)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out, err)


def _weights(run: Path) -> dict[str, bytes]:
    tensors = {k: v for path in (run / "train" / "model").glob("*.safetensors") for k, v in load_file(path).items()}
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def _curve(run: Path) -> str:
    return (run / "train" / "plots" / "loss.csv").read_text() + (run / "train" / "plots" / "validation.csv").read_text()


def _plotly_script(report: str) -> str:
    """The embedded library names its licences' addresses; it loads nothing."""
    start = report.index('<script type="text/javascript">/**')
    return report[start : report.index("</script>", start)]
