"""The temporal encoder on disk: the same logits when it comes back, one error when it is not what was written."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from r1tailor import config
from r1tailor.errors import CheckpointError
from r1tailor.model import load, temporal
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_tuned, open_strategy, save_tuned
from tests.batching.test_packing import MODELS
from tests.support.saved_models import SOME_BASE
from tests.support.windowed import (
    STRATEGIES,
    alone,
    composition,
    eager,
    tokens_of,
    tuned,
    windowed,
)


def logits(model: nn.Module, settings: Settings) -> Tensor:
    with torch.no_grad():
        return torch.cat([alone(model, example) for example in tokens_of(settings, windowed())])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", MODELS)
def test_what_was_saved_comes_back_with_the_same_logits(name: str, strategy: str, tmp_path: Path) -> None:
    settings = composition(name, strategy)
    model = tuned(settings)
    save_tuned(open_strategy(settings.strategy), model, tmp_path, SOME_BASE)
    assert temporal.encoder_of(model) is not None, "saving took the encoder away"
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    restored = load_tuned(base, tmp_path, open_strategy(settings.strategy).kind, temporal=True)
    found, wanted = logits(eager(restored), settings), logits(eager(model), settings)
    assert float((found - wanted).abs().max()) <= 1e-6
    untouched = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    temporal.attach(untouched, copy.deepcopy(temporal.encoder_of(model)))
    assert float((logits(eager(untouched), settings) - wanted).abs().max()) > 1e-3 or strategy == "full"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_lies_beside_the_encoder_loads_without_us(strategy: str, tmp_path: Path) -> None:
    settings = composition("tiny_llama", strategy)
    save_tuned(open_strategy(settings.strategy), tuned(settings), tmp_path, SOME_BASE)
    weights = "adapter_model.safetensors" if strategy == "lora" else "model.safetensors"
    assert not [key for key in load_file(tmp_path / weights) if "temporal" in key]
    assert set(load_file(tmp_path / "temporal.safetensors")) >= {"embed.weight", "places", "scale"}
    if strategy == "full":
        _, info = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
        assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def saved(folder: Path) -> Settings:
    settings = composition()
    save_tuned(open_strategy(settings.strategy), tuned(settings), folder, SOME_BASE)
    return settings


def _json(folder: Path, **changes: object) -> None:
    path = folder / "temporal.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _weights(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(folder / "temporal.safetensors")
    change(weights)
    save_file(weights, folder / "temporal.safetensors")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda f: (f / "temporal.safetensors").unlink(), "belong together"),
    "no shape": (lambda f: (f / "temporal.json").unlink(), "belong together"),
    "no safetensors": (lambda f: (f / "temporal.safetensors").write_bytes(b"\x80\x04pickle"), "does not fit"),
    "weights cut off": (lambda f: (f / "temporal.safetensors").write_bytes(b"\xff" * 8), "does not fit"),
    "shape is no JSON": (lambda f: (f / "temporal.json").write_text("{"), "does not fit"),
    "shape is nested": (lambda f: (f / "temporal.json").write_text("[" * 100_000), "does not fit"),
    "shape is a list": (lambda f: (f / "temporal.json").write_text("[]"), "temporal.json"),
    "another key": (lambda f: _json(f, module="os.system"), "temporal.json: module"),
    "enormous": (lambda f: _json(f, width=10**12), "temporal.json: width"),
    "many layers": (lambda f: _json(f, layers=10**6), "temporal.json: layers"),
    "huge within bounds": (lambda f: _json(f, width=4096, steps=2**20), "temporal.safetensors"),
    "a number as text": (lambda f: _json(f, width="16"), "temporal.json: width"),
    "heads": (lambda f: _json(f, heads=5), "heads = 5 must divide width = 16"),
    "another model's": (lambda f: _json(f, embedding=64), "embedding = 64; the model's is 32"),
    "fewer tokens": (lambda f: _json(f, tokens=3), r"mix.bias is F32 \[64\], not F32 \[48\]"),
    "a weight less": (lambda f: _weights(f, lambda w: w.pop("scale")), r"scale is no weight, not F32 \[\]"),
    "a weight more": (lambda f: _weights(f, lambda w: w.update(more=torch.ones(1))), "more is .* not no weight"),
    "another dtype": (lambda f: _weights(f, lambda w: w.update(scale=torch.ones((), dtype=torch.int64))), "I64"),
    "not finite": (lambda f: _weights(f, lambda w: w["places"].fill_(float("nan"))), "places is not finite"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_damaged_encoder_is_one_error(what: str, tmp_path: Path) -> None:
    settings = saved(tmp_path)
    spoil, said = HOSTILE[what]
    spoil(tmp_path)
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_tuned(base, tmp_path, open_strategy(settings.strategy).kind, temporal=True)
    assert str(tmp_path) in str(caught.value)
