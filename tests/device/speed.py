"""Speed and memory of a training step with random weights: ours, and plain transformers with peft, in one run."""

import time
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedConfig

from r1tailor import config as composition
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels.attention import PACKED_ROWS, unwrapped
from r1tailor.kernels.linear import patch_linears
from r1tailor.kernels.lora_linear import patch_lora
from r1tailor.kernels.recompute import recompute_layers
from r1tailor.model import load
from r1tailor.model.families import target_modules
from r1tailor.objective.supervised import summed_loss
from r1tailor.planning.memory_trace import Row
from r1tailor.planning.plan import plan
from tests.device.sizes import Sizes, Workload

_GIB = 2**30


def small(sizes: Sizes) -> dict[str, Any]:
    """Return steps of the 1.5B shape on each workload."""
    return {
        f"{name} {kind}": compared(sizes, "1.5", kind, workload)
        for name, workload in sizes.workloads.items()
        for kind in ("lora", "full")
    }


def large(sizes: Sizes) -> dict[str, Any]:
    """Return steps of the 7B shape, and what they say of claims that are often made for adapters."""
    lora, full = (compared(sizes, "7", kind, sizes.workloads["reasoning"]) for kind in ("lora", "full"))
    claims = {}
    if lora["ours"].get("peak") and full["ours"].get("peak"):
        ours, theirs = lora["ours"], full["ours"]
        claims = {
            "memory of adapters against full weights (-70 % is claimed)": ours["peak"] / theirs["peak"] - 1,
            "speed of adapters against full weights (3 x is claimed)": theirs["step"] / ours["step"],
            "time of adapters against full weights (a fifth is claimed)": ours["step"] / theirs["step"],
        }
    return {"lora": lora, "full": full, "claims": claims}


def context(sizes: Sizes) -> dict[str, Any]:
    """Return a step over one example of 32k tokens at 7B, its layers computed again."""
    model = adapted(sizes.shape("7"), torch.bfloat16, sizes.device)
    recompute_layers(model)
    return _measured(_ours(model, sizes, sizes.context), sizes)


def compared(sizes: Sizes, billions: str, kind: str, workload: Workload) -> dict[str, Any]:
    """Return a step's time (s), tokens/s and peak (GiB) of ours and of plain transformers, and what was planned."""
    config, dtype = sizes.shape(billions), torch.bfloat16 if kind == "lora" else torch.float32
    found = {}
    for who in ("ours", "plain"):
        model = (adapted if who == "ours" else plainly_adapted)(config, dtype, sizes.device, full=kind == "full")
        step = (_ours if who == "ours" else _plain)(model, sizes, workload)
        found[who] = _measured(step, sizes)
        del model, step
        if sizes.device.type == "cuda":
            torch.cuda.empty_cache()
    return found | {"planned": _planned(sizes, billions, kind, workload)}


def _measured(step: Callable[[], int], sizes: Sizes) -> dict[str, Any]:
    on_gpu = sizes.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    try:
        tokens = step()
        took = seconds(step, sizes, sizes.steps)
    except torch.OutOfMemoryError as error:
        return {"out of memory": str(error)[:200]}
    peak = torch.cuda.max_memory_allocated() / _GIB if on_gpu else None
    return {"step": took, "tokens/s": tokens / took, "peak": peak}


def seconds(what: Callable[[], Any], sizes: Sizes, times: int) -> float:
    """Return the mean seconds of a call."""
    if sizes.device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(times):
        what()
    if sizes.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / times


def _planned(sizes: Sizes, billions: str, kind: str, workload: Workload) -> dict[str, float]:
    model = "tiny_qwen2" if sizes.toy else f"r1_distill_qwen_{billions.replace('.', '_')}b"
    length = min(workload.shared + workload.own + workload.answer, workload.row)
    settings = composition.load(
        [
            *(f"model={model}", f"strategy={kind}", "trainer=gpu", f"trainer.max_length={length}"),
            *(f"trainer.micro_batch_tokens={workload.row}", f"trainer.batch_size={workload.examples}"),
        ]
    )
    width = min(workload.own + workload.answer, workload.row)
    planned = plan(settings, composition.ROOT, row=Row(workload.row, width, min(workload.shared, workload.row - width)))
    return {"GiB": planned.total / _GIB, "GiB without process": (planned.total - planned.process) / _GIB}


def drawn(config: PreTrainedConfig, dtype: torch.dtype, device: torch.device, attention: str = PACKED_ROWS) -> Any:  # noqa: ANN401
    """Return a model of random weights, made on the device."""
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(deepcopy(config), dtype=dtype, attn_implementation=attention)
    if attention == PACKED_ROWS:
        load.patch(model)
    return model.train()


def adapted(config: PreTrainedConfig, dtype: torch.dtype, device: torch.device, *, full: bool = False) -> nn.Module:
    """Return what trains: our operations over random weights, with adapters or without."""
    model = drawn(config, dtype, device)
    if full:
        patch_linears(model)
        trained: nn.Module = model
        return trained
    wrapped = _with_adapters(model)
    patch_lora(wrapped)
    return wrapped


def plainly_adapted(
    config: PreTrainedConfig, dtype: torch.dtype, device: torch.device, *, full: bool = False
) -> nn.Module:
    """Return the same in plain transformers and peft."""
    model: nn.Module = drawn(config, dtype, device, "sdpa")
    return model if full else _with_adapters(model)


def _with_adapters(model: Any) -> nn.Module:  # noqa: ANN401
    lora = LoraConfig(r=16, lora_alpha=32, target_modules=target_modules(model, "all_linear"), task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped: nn.Module = get_peft_model(model, lora, autocast_adapter_dtype=False)
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return wrapped


def _optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad], 1e-5, fused=True
    )


def _ours(model: nn.Module, sizes: Sizes, workload: Workload) -> Callable[[], int]:
    vocabulary, device = unwrapped(model).config.vocab_size, sizes.device
    examples, optimizer = workload.made(vocabulary), _optimizer(model)
    supervised = sum(len(example.response) for example in examples)

    def step() -> int:
        for micro in pack(examples, workload.row, 0):
            with torch.autocast(device.type, torch.bfloat16):
                loss = summed_loss(model, micro.to(device), 0.0) / supervised
            torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        return sum(len(example) for example in examples)

    return step


def _plain(model: Any, sizes: Sizes, workload: Workload) -> Callable[[], int]:  # noqa: ANN401
    vocabulary, device = unwrapped(model).config.vocab_size, sizes.device
    examples, optimizer = workload.made(vocabulary), _optimizer(model)
    longest = max(len(example) for example in examples)
    at_once = max(1, workload.row // longest)

    def step() -> int:
        for start in range(0, len(examples), at_once):
            ids, mask, labels = _padded(examples[start : start + at_once], device)
            with torch.autocast(device.type, torch.bfloat16):
                loss = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
            torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        return sum(len(example) for example in examples)

    return step


def _padded(examples: Sequence[TokenizedExample], device: torch.device) -> tuple[torch.Tensor, ...]:
    width = max(len(example) for example in examples)
    ids, mask, labels = (torch.full((len(examples), width), value) for value in (0, 0, -100))
    for row, example in enumerate(examples):
        tokens = torch.tensor([*example.prompt, *example.response])
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
        labels[row, len(example.prompt) : len(tokens)] = tokens[len(example.prompt) :]
    return ids.to(device), mask.to(device), labels.to(device)
