"""What trains, what is saved, who else can load it, and which runs are refused before weights are read."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel, Qwen3MoeConfig

from r1tailor import config, store
from r1tailor.errors import CheckpointError, PreflightError
from r1tailor.evaluation import compare_models
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import families, load
from r1tailor.model.families import resolve_targets
from r1tailor.model.toy import toy_config
from r1tailor.strategy import load_tuned, open_strategy
from tests.support.saved_models import SOME_BASE

MODELS = ("tiny_llama", "tiny_qwen2", "tiny_deepseek_v3")
IDS = torch.arange(20, 52)[None]


def base_model(name: str = "tiny_llama", seed: int = 3) -> PreTrainedModel:
    return load.load_model(config.load([f"model={name}"]).model, config.ROOT, torch.float32, seed)


def tuned_model(name: str, *overrides: str) -> nn.Module:
    """Every trained weight moved a little, as training would."""
    model = open_strategy(config.load([f"model={name}", *overrides]).strategy).apply(base_model(name))
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def logits(model: nn.Module) -> Tensor:
    unwrapped(model).set_attn_implementation("eager")
    with torch.no_grad():
        result: Tensor = model(input_ids=IDS).logits
    return result


@pytest.mark.parametrize("wanted", ["query_key_value", "attention", "all_linear", "[kv_b_proj,o_proj]"])
def test_routed_experts_stay_frozen(wanted: str) -> None:
    settings = config.load(["model=tiny_deepseek_v3", f"strategy.target_modules={wanted}"])
    model = open_strategy(settings.strategy).apply(base_model("tiny_deepseek_v3"))
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert trained
    assert all("lora_" in name and ".experts." not in name for name in trained)


def test_the_user_is_told_that_routed_experts_stay_frozen() -> None:
    settings = config.load(["model=tiny_deepseek_v3", "strategy.target_modules=all_linear"])
    skeleton = load.skeleton(families.tiny_config(settings.model))
    assert all(parameter.is_meta for parameter in skeleton.parameters())
    remarks = open_strategy(settings.strategy).check(skeleton, 100)
    said = [remark for remark in remarks if remark.startswith("routed experts are fused parameters (4 of them, ")]
    assert "of the weights) and stay frozen, and so do the dense and shared layers of the same names" in said[0]
    attention = config.load(["model=tiny_deepseek_v3"])
    assert len(open_strategy(attention.strategy).check(skeleton, 100)) == 1, "they were not asked for"


def test_experts_without_a_dense_layer_next_to_them_are_told_of_too() -> None:
    """Qwen3-MoE: no linear layer bears the names of the experts' projections."""
    settings = config.load(["model=tiny_llama", "strategy.target_modules=all_linear"])
    skeleton = load.skeleton(toy_config(Qwen3MoeConfig(), 8192))
    told, of_experts = open_strategy(settings.strategy).check(skeleton, 100)
    assert told == "LoRA r=16 on q_proj, k_proj, v_proj, o_proj"
    assert of_experts == "routed experts are fused parameters (6 of them, 54% of the weights) and stay frozen"
    with pytest.raises(PreflightError, match=r"no such layers\. Its routed experts are fused parameters"):
        resolve_targets(skeleton, "mlp")


@pytest.mark.parametrize("name", MODELS)
def test_saved_adapters_load_with_plain_peft(name: str, tmp_path: Path) -> None:
    base_model(name).save_pretrained(tmp_path / "base")
    tuned = tuned_model(name)
    open_strategy(config.load([f"model={name}"]).strategy).save(tuned, tmp_path / "tuned", SOME_BASE)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "base", attn_implementation="eager")
    untouched = logits(plain)
    assert torch.equal(logits(PeftModel.from_pretrained(plain, tmp_path / "tuned")), logits(tuned))
    assert torch.equal(
        logits(load_tuned(base_model(name), tmp_path / "tuned", "adapter", temporal=False)), logits(tuned)
    )
    assert not torch.allclose(untouched, logits(tuned), atol=1e-3)
    written = json.loads((tmp_path / "tuned" / "adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == "some/base"
    files = sorted(path.name for path in (tmp_path / "tuned").iterdir())
    assert files == ["adapter_config.json", "adapter_model.safetensors"]


def test_the_same_adapters_are_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    override = "strategy.target_modules=all_linear"
    tuned = tuned_model("tiny_llama", override)
    open_strategy(config.load(["model=tiny_llama", override]).strategy).save(tuned, tmp_path, SOME_BASE)
    names = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert len(names) == 7
    assert names == sorted(names)  # peft keeps a set, whose order is another one in each process


@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("change", ["renamed", "missing", "other shape"])
def test_weights_that_do_not_fit_are_an_error(strategy: str, change: str, tmp_path: Path) -> None:
    tuned = tuned_model("tiny_llama", f"strategy={strategy}")
    open_strategy(config.load([f"strategy={strategy}"]).strategy).save(tuned, tmp_path, SOME_BASE)
    (file,) = tmp_path.glob("*.safetensors")
    tensors = load_file(file)
    name = next(name for name in tensors if "q_proj" in name)
    tensor = tensors.pop(name)
    if change != "missing":
        renamed = change == "renamed"
        tensors[name.replace("q_proj", "query") if renamed else name] = tensor if renamed else tensor[:-1].contiguous()
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="do not fit this base model"):
        load_tuned(
            base_model(), tmp_path, open_strategy(config.load([f"strategy={strategy}"]).strategy).kind, temporal=False
        )


def test_a_damaged_manifest_stops_the_evaluation_before_anything_is_loaded(tmp_path: Path) -> None:
    settings = config.load(["model=tiny_llama"])
    model = tmp_path / "model"
    subjects = compare_models.base_and_tuned(model)
    with store.replaced_folder(model, {}) as folder:
        open_strategy(settings.strategy).save(tuned_model("tiny_llama"), folder, SOME_BASE)
    for content, said in (("{}", "its manifest cannot be read"), (None, "it has no manifest")):
        (model / store.MANIFEST).unlink() if content is None else (model / store.MANIFEST).write_text(content)
        with pytest.raises(CheckpointError, match=said):
            compare_models.evaluate(settings, None, {}, tmp_path, subjects, tmp_path / "out")  # type: ignore[arg-type]


def test_an_adapter_file_holds_the_adapters_and_little_else(tmp_path: Path) -> None:
    tuned = tuned_model("tiny_llama", "strategy.r=64", "strategy.target_modules=all_linear")
    open_strategy(config.load([]).strategy).save(tuned, tmp_path, SOME_BASE)
    trained = sum(4 * parameter.numel() for parameter in tuned.parameters() if parameter.requires_grad)
    assert trained <= (tmp_path / "adapter_model.safetensors").stat().st_size < 1.2 * trained + 10_000


def tied_model() -> PreTrainedModel:
    config_ = families.tiny_config(config.load(["model=tiny_llama"]).model)
    config_.tie_word_embeddings = True
    torch.manual_seed(3)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config_, attn_implementation="eager")
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    return model


def test_a_head_that_is_tied_to_the_embedding_is_refused_before_training() -> None:
    skeleton = load.skeleton(tied_model().config)
    chosen = open_strategy(config.load(["strategy.target_modules=[q_proj,lm_head]"]).strategy)
    with pytest.raises(PreflightError, match=r"lm_head shares its weight with the embedding .* strategy=full"):
        chosen.check(skeleton, 100)
    untied = load.skeleton(families.tiny_config(config.load(["model=tiny_llama"]).model))
    assert chosen.check(untied, 100) == ["LoRA r=16 on q_proj, lm_head"]
    adapted = families.target_modules(skeleton, "all_linear")
    assert "lm_head" not in adapted
    assert "q_proj" in adapted


def test_adapters_on_a_tied_head_that_others_trained_are_not_loaded(tmp_path: Path) -> None:
    settings = config.load(["strategy.target_modules=[q_proj,lm_head]"])
    open_strategy(settings.strategy).save(open_strategy(settings.strategy).apply(base_model()), tmp_path, SOME_BASE)
    with pytest.raises(CheckpointError, match="lm_head shares its weight with the embedding"):
        load_tuned(tied_model(), tmp_path, "adapter", temporal=False)
    load_tuned(base_model(), tmp_path, "adapter", temporal=False)  # its own head is adapted as any layer is


def test_a_weight_too_many_is_an_error(tmp_path: Path) -> None:
    open_strategy(config.load([]).strategy).save(tuned_model("tiny_llama"), tmp_path, SOME_BASE)
    file = tmp_path / "adapter_model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    save_file(tensors | {name.replace("layers.0", "layers.9"): tensors[name].clone()}, file)
    with pytest.raises(CheckpointError, match=r"missing or unexpected weights: .*layers\.9"):
        load_tuned(base_model(), tmp_path, "adapter", temporal=False)


def test_a_warning_of_peft_that_concerns_no_key_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_strategy(config.load([]).strategy).save(tuned_model("tiny_llama"), tmp_path, SOME_BASE)
    loaded = PeftModel.from_pretrained

    def warns(*args: object, **options: object) -> object:
        warnings.warn("something that concerns no key", UserWarning, stacklevel=2)
        return loaded(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PeftModel, "from_pretrained", warns)
    with pytest.warns(UserWarning, match="concerns no key"):
        load_tuned(base_model(), tmp_path, "adapter", temporal=False)
