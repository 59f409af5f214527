"""Every form of a toy run: made next to it, opened by name, held against its parent, refused where it does not hold."""

import shutil
from pathlib import Path
from typing import get_args

import pytest

from r1tailor import artifact, config, inference, store
from r1tailor.compression import forms
from r1tailor.compression.forms import FORMS, adopt, make, summary
from r1tailor.errors import CheckpointError, UserError
from r1tailor.inference.locate import locate
from r1tailor.layout import RunFolder
from r1tailor.schema.compression import Form
from tests.support.toy_run import toy_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run with every form next to it."""
    run = toy_run(tmp_path_factory.mktemp("project"))
    found = locate(run.path, config.ROOT)
    for name in get_args(Form):
        make(name, found.model, found.settings, config.ROOT, found.forms / name)
    return run


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("merge", 1e-5),
        ("gguf_f16", 1e-3),
        ("gguf_q8_0", 0.05),
        ("gguf_q4_0", 0.5),
        ("dynamic_int8", 0.05),
        ("w8a8", 0.05),
    ],
)
def test_a_form_says_of_itself_what_it_is_and_how_far_it_drifted(run: RunFolder, name: Form, largest: float) -> None:
    form, parent = run.compressed / name, run.phase("1-all") / "model"
    saved, facts = artifact.read(form), artifact.recorded(form)
    assert saved.parent == artifact.read(parent).sha256
    assert saved.kind == FORMS[name].kind
    assert facts["form"] == name
    assert facts["bytes"] == sum(path.stat().st_size for path in form.iterdir() if path.name != store.MANIFEST)
    assert facts["drift"]["largest"] < largest
    assert {"torch", "gguf", "xllamacpp"} <= facts["libraries"].keys()
    assert summary(name, facts).startswith(f"{name}: {facts['bytes']:,} bytes (")


@pytest.mark.parametrize("name", get_args(Form))
def test_a_form_is_found_by_its_name_and_answers_as_its_parent(run: RunFolder, name: Form) -> None:
    prompts, answers = ["thing 1", "thing 2"], ["red", "green"]
    mine = inference.open(run.path).score(prompts, answers)
    theirs = inference.open(f"{run.path}+{name}").score(prompts, answers)
    for a, b in zip(mine, theirs, strict=True):
        assert b.log_likelihood == pytest.approx(a.log_likelihood, rel=0.02)


def test_a_form_opens_from_its_own_folder_wherever_it_lies(run: RunFolder, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(run.compressed / "dynamic_int8", copy)
    assert inference.open(copy).answer(["thing"]) == inference.open(f"{run.path}+dynamic_int8").answer(["thing"])


def test_a_form_that_was_not_made_is_refused_with_the_command(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "compress" / "merge")
    with pytest.raises(UserError, match=r"has no form merge; made: dynamic_int8, gguf_f16, .* Make it: r1tailor compr"):
        locate(f"{tmp_path}/run+merge", config.ROOT)


def test_a_form_of_another_model_or_with_another_byte_is_refused(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    model, form = tmp_path / "run/train/1-all/model", tmp_path / "run/compress/gguf_q8_0"
    store.write_json(model / store.MANIFEST, artifact.recorded(model) | {"more": 1})
    with pytest.raises(CheckpointError, match=r"gguf_q8_0 was made of another model than .*make it again"):
        inference.open(f"{tmp_path}/run+gguf_q8_0")
    with (form / "model.gguf").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    with pytest.raises(CheckpointError, match=r"model\.gguf was changed after it was written"):
        inference.open(f"{tmp_path}/run+gguf_q8_0")


def test_a_form_is_not_made_of_a_form(run: RunFolder, tmp_path: Path) -> None:
    found = locate(f"{run.path}+gguf_f16", config.ROOT)
    with pytest.raises(UserError, match=r"is a form already \(gguf\)"):
        make("merge", found.model, found.settings, config.ROOT, tmp_path / "again")


@pytest.mark.parametrize("name", ["gguf_q8_0", "w8a8"])
def test_a_model_that_reads_windows_is_refused_by_name(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: Form
) -> None:
    found = locate(run.path, config.ROOT)
    saved = artifact.read(found.model)
    monkeypatch.setattr(forms.artifact, "read", lambda folder: forms.replace(saved, temporal=True))
    with pytest.raises(UserError, match=rf"^{name}: .* reads windows of numbers .*, which only merge, dynamic_int8"):
        make(name, found.model, found.settings, config.ROOT, tmp_path / "form")
    assert not (tmp_path / "form").exists()


def test_another_tokenisation_leaves_nothing_behind(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = locate(run.path, config.ROOT)
    monkeypatch.setattr("r1tailor.inference.gguf.GgufEngine.tokenize", lambda engine, text: [1])
    with pytest.raises(UserError, match=r"llama\.cpp tokenises .Hello, world!.* otherwise than model tiny_llama"):
        make("gguf_f16", found.model, found.settings, config.ROOT, tmp_path / "form")
    assert not list(tmp_path.iterdir())


def test_a_form_that_is_adopted_keeps_its_hashes_and_gets_a_verdict(run: RunFolder, tmp_path: Path) -> None:
    adopt(run.compressed / "merge", tmp_path / "merge", {"non_inferior": True})
    before, after = artifact.recorded(run.compressed / "merge"), artifact.recorded(tmp_path / "merge")
    assert after == before | {"verdict": {"non_inferior": True}}
    assert artifact.read(tmp_path / "merge").parent == before["parent"]
