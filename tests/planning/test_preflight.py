"""What cannot work is refused before any weight is read, with the nearest settings that can."""

import re
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from r1tailor import config
from r1tailor.errors import PreflightError
from r1tailor.model import load
from r1tailor.planning.preflight import _can_be_divided, preflight, refuse_early, report
from tests.conftest import ROOT
from tests.support.planning import LARGER, planned

RECOMPUTED = "trainer.gradient_checkpointing=true"


def with_memory(monkeypatch: pytest.MonkeyPatch, mib: int) -> None:
    taken = psutil.Process().memory_info().rss
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=mib * 2**20 - taken))


@pytest.mark.parametrize(
    ("strategy", "too_much", "advised"),
    [
        ("lora", "trainer.micro_batch_tokens=2048", "trainer.micro_batch_tokens=1024"),
        ("lora", "trainer.micro_batch_tokens=1024", "trainer.micro_batch_tokens=512"),
        (
            "lora",
            "trainer.micro_batch_tokens=512",
            f"{RECOMPUTED} trainer.micro_batch_tokens=1024",
        ),
        (
            "full",
            "trainer.micro_batch_tokens=512",
            f"{RECOMPUTED} trainer.micro_batch_tokens=1024",
        ),
        (
            "full",
            "trainer.gradient_checkpointing=true trainer.micro_batch_tokens=512",
            "strategy=lora trainer.micro_batch_tokens=1024",
        ),
    ],
)
def test_a_refusal_names_the_nearest_settings_that_fit(
    strategy: str, too_much: str, advised: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = [*LARGER, f"strategy={strategy}"]
    needs, fits = planned(*given, *too_much.split(), row=None).total, planned(*given, *advised.split(), row=None).total
    with_memory(monkeypatch, (needs + fits) // 2 // 2**20)
    with pytest.raises(PreflightError) as caught:
        preflight(config.load([*given, "trainer.micro_batch_tokens=2048"]), ROOT, tmp_path, 1000)
    said = str(caught.value)
    numbers = (
        rf"model tiny_llama with strategy={strategy} needs at least [\d.]+ GiB for weights, gradients and optimizer"
    )
    assert re.match(rf"{numbers}, and [\d.]+ GiB in all; [\d.]+ GiB are free here\. Choose {advised} \(", said), said
    preflight(config.load([*given, *advised.split()]), ROOT, tmp_path, 1000)  # as advised, it fits


def test_four_bits_are_advised_where_whole_weights_do_not_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given, least = [*LARGER, "trainer.precision=fp32"], [RECOMPUTED, "trainer.micro_batch_tokens=512"]
    lora, qlora = (planned(*given, *least, f"strategy={name}", row=None).total for name in ("lora", "qlora"))
    with_memory(monkeypatch, (lora + qlora) // 2 // 2**20)
    with pytest.raises(PreflightError, match=r"Choose strategy=qlora [^(]*\(") as caught:
        preflight(config.load(given), ROOT, tmp_path, 1000)
    advised = str(caught.value).partition("Choose ")[2].partition(" (")[0].split()
    preflight(config.load([*given, *advised]), ROOT, tmp_path, 1000)


def test_more_nodes_are_advised_where_one_cannot_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_memory(monkeypatch, 100 * 1024)
    with pytest.raises(PreflightError, match=r"Choose trainer=fsdp trainer\.devices=\d+ trainer\.nodes=\d+ .*smaller"):
        preflight(config.load(["model=r1", "trainer.precision=bf16"]), ROOT, tmp_path, 1000)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["trainer.max_length=5000"], r"max_length = 5,000 is more than model tiny_llama reads \(4,096 tokens\)"),
        (
            ["model=r1", "trainer.precision=bf16"],
            r"model r1 with strategy=lora needs at least 1,251 GiB .* [\d,.]+ GiB are free here",
        ),
        (
            ["model=r1", "strategy=full", "trainer.precision=bf16"],
            r"model r1 with strategy=full needs at least 9,999 GiB .* or strategy=lora",
        ),
        (["strategy.target_modules=nothing"], 'no linear layer is called "nothing"'),
    ],
)
def test_a_run_that_cannot_work_is_refused_with_numbers(overrides: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match=said):
        preflight(config.load(["model=tiny_llama", *overrides]), config.ROOT, tmp_path, 1000)


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PreflightError, match="there is no GPU here; use trainer=cpu"):
        preflight(config.load(["model=tiny_llama", "trainer=gpu"]), config.ROOT, tmp_path, 1000)


def test_full_weights_warn_below_the_recommended_number_of_examples(tmp_path: Path) -> None:
    settings = config.load(["model=tiny_llama", "strategy=full"])
    skeleton = load.skeleton(load.load_config(settings.model, ROOT))
    parameters = f"{sum(parameter.numel() for parameter in skeleton.parameters()):,}"
    few, enough = (preflight(settings, config.ROOT, tmp_path, n) for n in (99_999, 100_000))
    assert enough == [f"full weights: {parameters} parameters train"]
    assert few[1].startswith(f"warning: 99,999 training examples for {parameters} weights")
    assert "from 100,000 examples on" in few[1]


def test_what_was_checked_early_is_not_checked_again(tmp_path: Path) -> None:
    faulty = config.load(["model=tiny_llama", "trainer.max_length=5000", "trainer.precision=fp32"])
    with pytest.raises(PreflightError, match=r"trainer\.max_length = 5,000 is more than model tiny_llama reads"):
        refuse_early(faulty, ROOT)
    with pytest.raises(PreflightError, match=r"trainer\.max_length = 5,000"):
        preflight(faulty, ROOT, tmp_path, 1000)
    preflight(faulty, ROOT, tmp_path, 1000, checked=True)


def test_fp16_without_a_gpu_is_refused_instead_of_computed_in_bf16(tmp_path: Path) -> None:
    settings = config.load(["model=tiny_llama", "trainer.accelerator=auto", "trainer.precision=fp16"])
    with pytest.raises(PreflightError, match="precision = fp16 needs a GPU, and there is none here; use bf16 or fp32"):
        preflight(settings, ROOT, tmp_path, 1000)


def test_a_gpu_run_is_refused_where_the_host_cannot_hold_the_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = config.load([*LARGER, "trainer=gpu"])
    for name, value in (("is_available", True), ("device_count", 1), ("mem_get_info", (2**40, 2**40))):
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    host = planned(*LARGER, "trainer=gpu", row=None).host
    with_memory(monkeypatch, host // 2**20 + 1)
    preflight(settings, ROOT, tmp_path, 1000)
    with_memory(monkeypatch, host // 2**20 - 1)
    with pytest.raises(PreflightError, match=r"needs [\d.]+ GiB of this machine's own memory to load its weights"):
        preflight(settings, ROOT, tmp_path, 1000)


def test_a_report_compares_with_a_gpu_that_is_not_here() -> None:
    settings = config.load([*LARGER, "trainer=gpu"])
    needs = planned(*LARGER, "trainer=gpu", row=None).total
    fits, not_ = (report(settings, ROOT, None, gpu=needs + more).splitlines()[-1] for more in (1, -1))
    assert fits.startswith("It fits: a GPU has ")
    assert re.match(r"It does not fit: a GPU has [\d.]+ GiB\. Choose trainer\.micro_batch_tokens=\d+$", not_)


def test_weights_that_the_hub_holds_in_fp8_are_reported() -> None:
    whole, restored = (report(config.load([f"model={name}"]), ROOT, None) for name in ("r1_distill_qwen_1_5b", "r1"))
    assert "FP8" not in whole
    assert "the weights are stored in FP8; loading restores them, so they count as whole weights here" in restored


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["trainer.precision=fp16", "trainer.accelerator=gpu"], "trainer.parallel = fsdp computes in bf16 or fp32"),
        (
            ["optimizer._target_=transformers.optimization.Adafactor", "optimizer.arguments={}"],
            "optimizers of torch.optim",
        ),
    ],
)
def test_what_cannot_be_divided_is_refused(options: list[str], said: str) -> None:
    two = ["model=tiny_llama", "trainer.parallel=fsdp", "trainer.devices=2"]
    with pytest.raises(PreflightError, match=re.escape(said)):
        _can_be_divided(config.load([*two, *options]))
    _can_be_divided(config.load(two))


def test_weights_of_an_encoder_of_windows_are_not_divided(tmp_path: Path) -> None:
    two = ["model=tiny_llama", "trainer.parallel=fsdp", "trainer.devices=2"]
    with pytest.raises(PreflightError, match="trains no encoder of windows"):
        preflight(config.load(two), ROOT, tmp_path, 10, (10, 3), checked=True)
