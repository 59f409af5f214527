"""Adapters over a base in 4 bits: plain peft and bitsandbytes in training, in a saved folder, asked and merged."""

import copy
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from r1tailor import artifact, config, inference
from r1tailor.batching.packing import pack
from r1tailor.compression.forms import make, summary
from r1tailor.compression.merge import merged
from r1tailor.errors import PreflightError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.locate import locate
from r1tailor.kernels.attention import unwrapped
from r1tailor.kernels.lora_linear import Adapted
from r1tailor.layout import RunFolder
from r1tailor.model import families, load
from r1tailor.objective.supervised import summed_loss
from r1tailor.planning.memory_trace import rehearse
from r1tailor.planning.plan import plan
from r1tailor.planning.preflight import refuse_early
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_base, load_tuned, open_strategy
from tests.batching.test_packing import PADDING, assert_equal, layout_of, one_by_one, packed
from tests.conftest import ROOT
from tests.strategy.test_lora import logits
from tests.support.planning import ROW
from tests.support.saved_models import SOME_BASE
from tests.support.toy_run import toy_run

pytest.importorskip("bitsandbytes")
from bitsandbytes.nn import Linear4bit
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear4bit as PeftLinear4bit
from transformers import BitsAndBytesConfig

QLORA = ("model=tiny_llama", "strategy=qlora", "strategy.target_modules=all_linear", "strategy.dropout=0.0")
FP32 = "trainer.precision=fp32"


def composed(*more: str) -> Settings:
    return config.load([*QLORA, FP32, *more])


def moved(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.03 * torch.randn(parameter.shape, generator=generator)
    return model


def tuned_model(settings: Settings, dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(4)
    return moved(open_strategy(settings.strategy).apply(load_base(settings, ROOT, dtype)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy base's whole weights, in bf16."""
    folder = tmp_path_factory.mktemp("base") / "whole"
    load.load_model(composed().model, ROOT, torch.bfloat16, composed().seed).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(whole: Path) -> Path:
    """The same in 4 bits, as transformers saves them."""
    plain_base(whole, double=False).save_pretrained(whole.parent / "nf4")
    families.byte_tokenizer().save_pretrained(whole.parent / "nf4")
    return whole.parent / "nf4"


def plain_base(whole: Path, *, double: bool = True, dtype: torch.dtype = torch.bfloat16) -> PreTrainedModel:
    nf4 = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double,
        bnb_4bit_compute_dtype=torch.float32,
    )
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(whole, quantization_config=nf4, dtype=dtype)
    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            layer.support_avx512bf16_for_cpu = False  # it packs no weight as small as these
    return model


@pytest.mark.parametrize("double", [True, False])
def test_the_base_is_rounded_as_transformers_rounds_it(whole: Path, double: bool) -> None:
    ours = load_base(composed(f"strategy.double_quantisation={str(double).lower()}"), ROOT, torch.float32)
    theirs = dict(plain_base(whole, double=double).named_modules())
    layers = {name: layer for name, layer in ours.named_modules() if isinstance(layer, Linear4bit)}
    assert layers.keys() == {name for name, layer in theirs.items() if isinstance(layer, Linear4bit)}
    assert len(layers) == 14
    for name, layer in layers.items():
        assert torch.equal(layer.weight, theirs[name].weight)
        own, other = layer.weight.quant_state, theirs[name].weight.quant_state
        assert torch.equal(own.absmax, other.absmax)
        assert own.nested == other.nested == double


def test_packed_rows_have_the_loss_and_gradients_of_plain_peft_and_bitsandbytes(whole: Path) -> None:
    torch.manual_seed(4)
    base = plain_base(whole, dtype=torch.float32)  # the file's values are those of bf16
    base.set_attn_implementation("eager")
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    plain = moved(get_peft_model(base, LoraConfig(r=16, lora_alpha=32, target_modules=targets, task_type="CAUSAL_LM")))
    ours, examples = tuned_model(composed()), layout_of("nested")
    assert sum(isinstance(layer, Adapted) for layer in ours.modules()) == 14
    ours.train()
    plain.train()
    found = packed(ours, list(pack(examples, 96, PADDING)), 0.1)
    assert_equal(found, one_by_one(plain, examples, 0.1))


@pytest.mark.parametrize("variant", ["rslora", "dora"])
def test_variants_over_four_bits_are_peft_s(variant: str) -> None:
    ours = tuned_model(composed(f"strategy.variant={variant}"))
    plain = copy.deepcopy(ours)
    for layer in plain.modules():
        if isinstance(layer, PeftLinear4bit):
            layer.__class__ = PeftLinear4bit
    unwrapped(plain).set_attn_implementation("eager")
    examples = layout_of("shared prefix")
    assert_equal(packed(ours.train(), list(pack(examples, 96, PADDING)), 0.0), one_by_one(plain.train(), examples, 0.0))


def test_a_validation_leaves_the_weights_as_they_are() -> None:
    """bitsandbytes repacks them in evaluation mode on CPUs with bf16 units: the next step would have no gradient."""
    settings, rows = composed("strategy.target_modules=attention"), list(pack(layout_of("nested"), 96, PADDING))
    ours = tuned_model(settings)
    before = packed(ours.train(), rows, 0.0)
    kept = {name: layer.weight.clone() for name, layer in ours.named_modules() if isinstance(layer, Linear4bit)}
    with torch.no_grad():
        summed_loss(ours.eval(), rows[0], 0.0)
    for name, layer in ours.named_modules():
        if isinstance(layer, Linear4bit):
            assert torch.equal(layer.weight, kept[name])
    assert_equal(packed(ours.train(), rows, 0.0), before)


def test_saved_adapters_load_in_plain_peft_over_plain_bitsandbytes(whole: Path, tmp_path: Path) -> None:
    settings = composed()
    tuned = tuned_model(settings).eval()
    open_strategy(settings.strategy).save(tuned, tmp_path, SOME_BASE)
    base = plain_base(whole, dtype=torch.float32)
    untouched = logits(base)
    plain = logits(PeftModel.from_pretrained(base, tmp_path).eval())
    loaded = load_tuned(load_base(settings, ROOT, torch.float32), tmp_path, "adapter", temporal=False)
    assert not torch.allclose(untouched, plain, atol=1e-2)
    close(logits(loaded), logits(tuned), 1e-5)
    close(plain, logits(tuned), 1e-5)


def close(a: Tensor, b: Tensor, atol: float) -> None:
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


@pytest.mark.parametrize("variant", ["plain", "dora"])
def test_merging_restores_the_weights_and_adds_the_adapters(variant: str) -> None:
    tuned = tuned_model(composed(f"strategy.variant={variant}")).eval()
    wanted = logits(tuned)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = merged(tuned)
    assert not any(isinstance(layer, Linear4bit) for layer in found.modules())
    assert not getattr(found, "is_quantized", False)
    close(logits(found), wanted, 1e-4)


def test_a_folder_in_four_bits_trains_is_asked_and_merged(folder: Path, tmp_path: Path) -> None:
    local = ["model=local", f"model.path={folder}", "model.chat=deepseek", FP32]
    for strategy in ("lora", "qlora"):
        settings = config.load([*local, f"strategy={strategy}", "strategy.dropout=0.0"])
        tuned = tuned_model(settings)
        assert sum(isinstance(layer, Adapted) for layer in tuned.modules()) == 6
        loss, gradients = packed(tuned.train(), list(pack(layout_of("nested"), 96, PADDING)), 0.0)
        assert loss > 0
        assert all(bool(gradient.isfinite().all()) and gradient.norm() > 0 for gradient in gradients.values())
    wanted = logits(tuned.eval())
    whole = merged(tuned)
    whole.save_pretrained(tmp_path)
    close(logits(AutoModelForCausalLM.from_pretrained(tmp_path)), wanted, 1e-4)
    with pytest.raises(PreflightError, match=r"its weights are quantised .* strategy=lora"):
        refuse_early(config.load([*local, "strategy=full"]), ROOT)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return toy_run(tmp_path_factory.mktemp("project"), "four", "strategy=qlora", "strategy.variant=rslora")


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_a_run_is_trained_evaluated_asked_and_converted(run: RunFolder) -> None:
    found = locate(run.path, config.ROOT)
    answerer = inference.open(run.path)
    assert isinstance(answerer, LocalAnswerer)
    assert any(isinstance(layer, Linear4bit) for layer in answerer.model.modules())
    assert len(answerer.answer(["thing 1", "thing 2"])) == 2
    for form in ("merge", "dynamic_int8"):
        facts = make(form, found.model, found.settings, config.ROOT, found.forms / form)
        assert facts["drift"]["mean"] <= facts["drift"]["largest"] < (1e-4 if form == "merge" else 0.1)
        assert "mean" in summary(form, facts)
        assert len(inference.open(f"{run.path}+{form}").answer(["thing 1"])) == 1
    assert artifact.read(found.model).kind == "adapter"


def test_the_plan_counts_four_bits_and_the_weights_they_are_rounded_from() -> None:
    wide = ["model=tiny_llama", "model.hidden_size=256", "trainer.precision=bf16"]
    lora, qlora, single = (
        plan(config.load([*wide, *more]), ROOT, row=ROW)
        for more in (["strategy=lora"], ["strategy=qlora"], ["strategy=qlora", "strategy.double_quantisation=false"])
    )
    real = load_base(config.load([*wide, "strategy=qlora"]), ROOT, torch.bfloat16)
    taken = sum(parameter.nbytes for parameter in real.parameters())
    for layer in real.modules():
        if isinstance(layer, Linear4bit):
            state = layer.weight.quant_state
            taken += state.absmax.nbytes + state.state2.absmax.nbytes
    adapters = lora.weights - 2 * lora.parameters
    assert qlora.weights - adapters == pytest.approx(taken, rel=2e-3)
    assert qlora.weights < single.weights < 0.6 * lora.weights
    file = rehearse(config.load([*wide, "strategy=qlora"]), ROOT, ROW, accumulates=False)["file"]
    assert file == 2 * qlora.parameters
