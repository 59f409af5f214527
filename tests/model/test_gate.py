"""The gate: who may train and be asked, what is said to the others, and what is kept of it."""

import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import (
    AutoConfig,
    Gemma2Config,
    GptOssConfig,
    JambaConfig,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedConfig,
)
from transformers.utils import logging as transformers_logging

from r1tailor import config, store
from r1tailor.errors import PreflightError
from r1tailor.inference import local
from r1tailor.model import gate, load, probe
from r1tailor.model.toy import toy_config
from r1tailor.planning.preflight import preflight, refuse_early, report
from r1tailor.schema.settings import Settings
from tests.support.architectures import CASES, Case, rope
from tests.support.commands import Done


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))


def settings(*overrides: str) -> Settings:
    return config.load(["model=tiny_llama", "domain=medical", *overrides])


def never(_: PreTrainedConfig) -> str | None:
    raise AssertionError("it was probed")


# --- the list ----------------------------------------------------------------------------------------------------

_ROPES = (
    rope("default"),
    rope("linear", factor=2.0),
    rope("yarn", factor=4.0, original_max_position_embeddings=4096, mscale=1.0, mscale_all_dim=1.0),
    rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192),
)
_FLAGS: dict[str, list[dict[str, Any]]] = {
    "tie_word_embeddings": [{"tie_word_embeddings": True}],
    "attention_bias": [{"attention_bias": True}],
    "mlp_bias": [{"mlp_bias": True}],
    "q_lora_rank": [{"q_lora_rank": None}],
    "norm_topk_prob": [{"norm_topk_prob": False}],
    "rope_interleave": [{"rope_interleave": False}],
    "rope_parameters": [*_ROPES],
}


@pytest.mark.parametrize("kind", sorted(gate.LISTED))
def test_every_flag_of_a_listed_architecture_is_proven(kind: str) -> None:
    """Each flag alone, and all of them together with each rotary embedding."""
    flags = sorted(gate.LISTED[kind])
    assert set(flags) <= _FLAGS.keys()
    alone = list(itertools.chain.from_iterable(_FLAGS[name] for name in flags))
    together = {key: value for name in flags for one in _FLAGS[name] for key, value in one.items()}
    for chosen in ({}, *alone, *(together | one for one in _ROPES)):
        architecture = AutoConfig.for_model(kind, num_key_value_heads=4 if kind != "deepseek_v3" else 128, **chosen)
        assert gate.listed(architecture), chosen
        assert probe.difference(toy_config(architecture, 8192)) is None, chosen


def test_a_listed_architecture_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "difference", never)
    for name in ("tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"):
        refuse_early(config.load([f"model={name}", "domain=medical"]), config.ROOT)


@pytest.mark.parametrize(
    "flags",
    [{"hidden_act": "gelu"}, {"attention_multiplier": 2.0}, rope("yarn", factor=4.0, unheard_of=1.0), rope("longrope")],
)
def test_a_flag_that_is_not_listed_is_not_taken_for_granted(flags: dict[str, Any]) -> None:
    architecture = LlamaConfig()
    for name, value in flags.items():
        setattr(architecture, name, value)
    assert not gate.listed(architecture)


# --- what is said ------------------------------------------------------------------------------------------------


def test_a_refusal_is_one_line_that_names_model_and_reason() -> None:
    with pytest.raises(PreflightError) as caught:
        gate.check(GptOssConfig(), settings())
    said = str(caught.value)
    assert said.startswith("model tiny_llama (gpt_oss) is not supported: attention sinks; choose a model")
    assert "\n" not in said


_ADVISED = [case for case in CASES if case.refused and (case.model_type == "bert" or "longrope" in case.title)]


@pytest.mark.parametrize("case", _ADVISED, ids=lambda case: case.model_type)
def test_transformers_says_nothing_beside_a_refusal(case: Case, tmp_path: Path) -> None:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    transformers_logging.add_handler(handler)
    try:
        case.config().save_pretrained(tmp_path)
        del said[:]
        brought = config.load(["model=local", f"model.path={tmp_path}", "model.context_length=8192", "domain=medical"])
        with pytest.raises(PreflightError):
            gate.check(load.load_config(brought.model, tmp_path), brought)
    finally:
        transformers_logging.remove_handler(handler)
    assert not said


def test_what_only_training_needs_is_not_asked_of_a_model_that_answers() -> None:
    architecture = LlamaConfig(attention_dropout=0.1)
    gate.check(architecture, settings(), training=False)
    with pytest.raises(PreflightError, match=r"attention dropout \(attention_dropout = 0.1\); set it to 0"):
        gate.check(architecture, settings())


def test_code_that_raises_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: PreTrainedConfig) -> str | None:
        raise RuntimeError("mat1 and mat2\nshapes cannot be multiplied")

    monkeypatch.setattr(probe, "difference", broken)
    assert gate.fault(MistralConfig(), 4096) == (
        "it cannot be tried at toy size (RuntimeError: mat1 and mat2 shapes cannot be multiplied); "
        "choose a model of a supported architecture (docs: Architectures)"
    )
    monkeypatch.undo()


# --- what is kept ------------------------------------------------------------------------------------------------


def test_the_outcome_is_kept_for_all_sizes_and_tried_again_when_the_code_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[PreTrainedConfig] = []

    def outcome(toy: PreTrainedConfig) -> str | None:
        tried.append(toy)
        return "the loss differs" if toy.sliding_window == 8 else None

    monkeypatch.setattr(probe, "difference", outcome)
    for _ in range(2):
        assert "the loss differs" in str(gate.fault(MistralConfig(sliding_window=100), 4096))
        assert gate.fault(MistralConfig(sliding_window=100), 100) is None
        assert gate.fault(MistralConfig(sliding_window=None, hidden_size=128, num_hidden_layers=4), 4096) is None
        assert gate.fault(MistralConfig(sliding_window=None), 4096) is None
    assert len(tried) == 3
    monkeypatch.setattr(gate, "_code", lambda: "another")
    assert gate.fault(MistralConfig(sliding_window=None), 4096) is None
    assert len(tried) == 4


def test_a_damaged_entry_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "difference", lambda _: None)
    assert gate.fault(MistralConfig(), 4096) is None
    (entry,) = (store.cache_folder() / "gate").iterdir()
    entry.write_text("{")
    assert gate.fault(MistralConfig(), 4096) is None
    assert store.read_json(entry) == {"fault": None}


def test_a_cache_that_cannot_be_written_does_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(probe, "difference", lambda _: None)
    assert gate.fault(MistralConfig(), 4096) is None


# --- where it is asked -------------------------------------------------------------------------------------------


def folder_of(architecture: PreTrainedConfig, folder: Path) -> str:
    """Return the override that names a folder with a configuration and nothing else: no weights, no tokenizer."""
    architecture.save_pretrained(folder)
    return f'model.path="{folder}"'


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        (GptOssConfig(), "(gpt_oss) is not supported: attention sinks"),
        (Gemma2Config(), "(gemma2) is not supported: attention soft caps (attn_logit_softcapping = 50)"),
        (LlamaConfig(attention_dropout=0.1), "(llama) is not supported: attention dropout"),
        (JambaConfig(), "(jamba) is not supported: state-space, convolution or linear-attention layers"),
        (OPTConfig(), "(opt) is not supported: its layers are not a list called layers"),
    ],
)
def test_training_ends_with_one_line_and_exit_code_2_before_anything_else_is_read(
    architecture: PreTrainedConfig, said: str, tmp_path: Path, run_command: Callable[..., Done]
) -> None:
    given = folder_of(architecture, tmp_path / "base")
    done = run_command("train.py", "domain=medical", "model=local", given, f'output="{tmp_path}/out"')
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert "Traceback" not in done.err + done.out


def test_the_planner_and_a_model_that_is_opened_ask_too(tmp_path: Path) -> None:
    composed = config.load(["domain=medical", "model=local", folder_of(GptOssConfig(), tmp_path / "base")])
    for ask in (lambda: report(composed, config.ROOT, None), lambda: local.open_base(composed, config.ROOT)):
        with pytest.raises(PreflightError, match="attention sinks"):
            ask()


def test_a_hub_model_whose_shape_is_not_published_is_asked_about_before_its_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = ["model=r1_distill_qwen_1_5b", "model.hub_id=somebody/else", "domain=medical"]
    monkeypatch.setattr(load, "load_config", lambda *_: OPTConfig())
    for ask in (
        lambda: preflight(config.load(hub), config.ROOT, tmp_path, 10),
        lambda: report(config.load(hub), config.ROOT, None),
    ):
        with pytest.raises(PreflightError, match="not a list called layers"):
            ask()
