"""Students: which layers stay, what is said of the base, and that what was trained on one loads again."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from r1tailor import config
from r1tailor.errors import CheckpointError, ModelUnavailableError
from r1tailor.inference.local import open_base, open_tuned
from r1tailor.model import load
from r1tailor.model.depth import cut_config, kept
from r1tailor.model.origin import base_folder, base_of
from r1tailor.planning.plan import plan
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from tests.strategy.test_lora import logits
from tests.support.saved_models import saved


def test_layers_are_kept_evenly_with_the_first_and_the_last() -> None:
    assert kept(30, 15) == [0, 2, 4, 6, 8, 10, 12, 15, 17, 19, 21, 23, 25, 27, 29]
    for total in range(3, 40):
        for wanted in range(2, total):
            found = kept(total, wanted)
            steps = {b - a for a, b in pairwise(found)}
            assert (found[0], found[-1], len(set(found))) == (0, total - 1, wanted)
            assert max(steps) - min(steps) <= 1


def whole_model(folder: Path, name: str, layers: int = 6) -> Path:
    settings = config.load([f"model={name}", f"model.layers={layers}"]).model
    load.load_model(settings, config.ROOT, torch.float32, seed=4).save_pretrained(folder)
    load.load_tokenizer(settings, config.ROOT).tokenizer.save_pretrained(folder)
    return folder


def composed(folder: Path, *overrides: str) -> Settings:
    return config.load(["model=local", f"model.path={folder}", "trainer.precision=fp32", *overrides])


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_a_student_is_the_whole_model_without_the_layers_between(name: str, tmp_path: Path) -> None:
    whole, student = composed(whole_model(tmp_path / "m", name)), composed(tmp_path / "m", "model.layers=3")
    model = load.load_model(student.model, config.ROOT, torch.float32, 0)
    teacher = load.load_model(whole.model, config.ROOT, torch.float32, 0)
    found, all_of_them = dict(model.named_parameters()), dict(teacher.named_parameters())
    for place, index in enumerate((0, 3, 5)):
        for part, weight in all_of_them.items():
            if f".layers.{index}." in part:
                assert torch.equal(found.pop(part.replace(f".layers.{index}.", f".layers.{place}.")), weight)
    assert not [part for part in found if ".layers." in part]
    assert model.config.num_hidden_layers == load.load_config(student.model, config.ROOT).num_hidden_layers == 3
    shapes = {part: weight.shape for part, weight in load.skeleton(model.config).named_parameters()}
    assert shapes == {part: weight.shape for part, weight in model.named_parameters()}
    assert plan(student, config.ROOT).parameters < plan(whole, config.ROOT).parameters
    answers = open_base(student, config.ROOT).answer(["a question", "another, longer one"])
    assert len(answers) == 2, "keys and values are kept for the layers there are"


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_what_was_trained_on_a_student_loads_again_and_on_no_other_base(strategy: str, tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "m", "tiny_llama")
    student = composed(folder, "model.layers=3", f"strategy={strategy}")
    model = open_strategy(student.strategy).apply(load.load_model(student.model, config.ROOT, torch.float32, 0))
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.05
    found = saved(model.eval(), student, tmp_path / "saved")
    assert torch.equal(logits(open_tuned(found, student, config.ROOT).model), logits(model))
    assert str(found.base).startswith(f"local (folder {folder}, 3 of its layers; sha256 ")
    for other in ("model.layers=4", "model.layers=null"):
        with pytest.raises(CheckpointError):
            open_tuned(found, composed(folder, other, f"strategy={strategy}"), config.ROOT)


def test_the_layers_are_part_of_the_base_and_none_of_what_a_whole_one_is_identified_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    folder = whole_model(tmp_path / "m", "tiny_llama")
    whole, three, four = (composed(folder, f"model.layers={n}").model for n in ("null", 3, 4))
    bases = [base_of(model, config.ROOT, 0) for model in (whole, three, four)]
    assert len({base.sha256 for base in bases}) == 3
    assert bases[0].where == {"kind": "local", "path": str(folder)}
    assert bases[1].where == {"kind": "local", "path": str(folder), "layers": 3}
    assert "layers" not in load.provenance(whole)
    assert load.provenance(three)["layers"] == 3
    assert base_folder(whole, config.ROOT, 0) == folder
    plain = load.AutoModelForCausalLM.from_pretrained(base_folder(three, config.ROOT, 0))
    assert torch.equal(logits(plain), logits(load.load_model(three, config.ROOT, torch.float32, 0)))


def test_a_student_with_as_many_layers_as_its_teacher_is_refused(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "m", "tiny_llama", layers=3)
    for layers in (3, 9):
        with pytest.raises(ModelUnavailableError, match=rf"model\.layers = {layers}: the model has 3 layers"):
            load.load_config(composed(folder, f"model.layers={layers}").model, config.ROOT)


def test_what_a_configuration_says_of_single_layers_follows() -> None:
    cut = load.load_config(config.load(["model=tiny_qwen2", "model.layers=5"]).model, config.ROOT)
    cut.layer_types = ["a", "b", "c", "d", "e"]
    assert cut_config(cut, 3) == [0, 2, 4]
    assert (cut.num_hidden_layers, cut.layer_types) == (3, ["a", "c", "e"])
    experts = load.load_config(config.load(["model=tiny_deepseek_v3", "model.layers=6"]).model, config.ROOT)
    experts.first_k_dense_replace = 3
    assert cut_config(experts, 3) == [0, 3, 5]
    assert experts.first_k_dense_replace == 1


def test_an_architecture_whose_layers_the_configuration_counts_otherwise_is_refused(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "m", "tiny_llama")
    model = load.load_model(composed(folder).model, config.ROOT, torch.float32, 0)
    with pytest.raises(ModelUnavailableError, match="architecture llama cannot lose layers here"):
        load.cut_model(model, 3, load.skeleton(load.load_config(composed(folder).model, config.ROOT)))
