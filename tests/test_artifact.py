"""A saved model says itself what it is: kind, base, precision, tokenizer; anything else is one clear error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor import artifact, config, store
from r1tailor.errors import CheckpointError
from r1tailor.inference.local import open_tuned
from r1tailor.model.base import Base
from r1tailor.model.temporal import encoder_of
from r1tailor.strategy import open_strategy, save_tuned
from tests.strategy.test_lora import tuned_model
from tests.support.saved_models import SOME_BASE, facts_of, saved
from tests.support.windowed import composition, tuned

SETTINGS = config.load(["model=tiny_llama", "seed=3"])
PACKAGED = Base("smollm2", "ab" * 32, {"kind": "packaged", "package": "p", "version": "1", "member": "m.gguf"})


def test_a_saved_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = saved(tuned_model("tiny_llama"), SETTINGS, tmp_path / "model", parent="ff" * 32)
    facts = facts_of(SETTINGS, parent="ff" * 32)
    assert {name: getattr(found, name) for name in vars(facts)} == vars(facts)
    assert (found.kind, found.precision, found.temporal) == ("adapter", "fp32", False)
    assert found.run == {"phase": "1-all", "parent": "ff" * 32}
    assert found.sha256 == store.sha256_file(tmp_path / "model" / "manifest.json")
    assert str(found.base).startswith(
        "tiny_llama (random weights, architecture llama, hidden_size 32, layers 2, seed 3;"
    )


def _changed(folder: Path, **changes: Any) -> None:  # noqa: ANN401
    path = folder / store.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _of_before(folder: Path) -> None:
    old = json.loads((folder / store.MANIFEST).read_text())
    (folder / store.MANIFEST).write_text(json.dumps({"schema": 1, "base": {"kind": "random"}, "files": old["files"]}))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda f: (f / "adapter_config.json").write_text("{}"), "adapter_config.json was changed after it was"),
    "unfinished": (lambda f: (f / store.MANIFEST).unlink(), "it has no manifest: it was never finished"),
    "no JSON": (lambda f: (f / store.MANIFEST).write_text("{"), "its manifest cannot be read"),
    "of before": (_of_before, "an earlier version of r1tailor saved it, .*; train it again"),
    "of another folder": (
        lambda f: store.write_manifest(f, {"model": "x"}),
        "its manifest is not one of a saved model",
    ),
    "newer": (lambda f: _changed(f, schema=3), "has schema 3; this version of r1tailor reads schema 2"),
    "kind": (lambda f: _changed(f, kind="int4"), "kind 'int4' is not one that this version .* loads: adapter, full"),
    "kind is a list": (lambda f: _changed(f, kind=["full"]), "kind .* is not one that"),
    "no base": (lambda f: _changed(f, base=None), "its manifest lacks what is needed to load it"),
    "base of text": (lambda f: _changed(f, base="some/base"), "its manifest lacks what is needed to load it"),
    "temporal of text": (lambda f: _changed(f, temporal="no"), "its manifest lacks what is needed to load it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_sound_artifact_is_one_sentence(fault: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    saved(tuned_model("tiny_llama"), SETTINGS, folder)
    spoil, said = FAULTS[fault]
    spoil(folder)
    with pytest.raises(CheckpointError, match=said) as caught:
        artifact.read(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_manifest_decides_how_a_model_is_loaded_and_no_file_does(tmp_path: Path) -> None:
    settings = composition("tiny_llama", "full", "seed=3")
    facts = facts_of(settings)
    with artifact.written(tmp_path / "text", facts, {}) as temporary:
        save_tuned(open_strategy(settings.strategy), tuned(settings), temporary, facts.base)  # its encoder too
    text_only = open_tuned(artifact.read(tmp_path / "text"), settings, config.ROOT)
    assert encoder_of(text_only.model) is None, "the files of an encoder decided"
    called_full = saved(tuned_model("tiny_llama"), SETTINGS, tmp_path / "adapter", kind="full")
    with pytest.raises(CheckpointError):  # adapter_config.json decided
        open_tuned(called_full, SETTINGS, config.ROOT)


@pytest.mark.parametrize(
    ("base", "reference", "revision"),
    [(SOME_BASE, "some/base", "main"), (PACKAGED, "r1tailor://smollm2@abababababab", None)],
)
def test_peft_is_told_a_hub_id_only_where_the_hub_has_the_very_base(
    base: Base, reference: str, revision: str | None, tmp_path: Path
) -> None:
    open_strategy(SETTINGS.strategy).save(tuned_model("tiny_llama"), tmp_path, base)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (written["base_model_name_or_path"], written["revision"]) == (reference, revision)


def test_another_chat_template_is_noticed(tmp_path: Path) -> None:
    found = saved(tuned_model("tiny_llama"), SETTINGS, tmp_path / "model", chat_template="0" * 64)
    with pytest.raises(CheckpointError, match="its chat template here is not the one that it was trained with"):
        open_tuned(found, SETTINGS, config.ROOT)
