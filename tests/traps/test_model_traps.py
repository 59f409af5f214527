"""Traps 5, 7 and 8: what trains under recomputation, adapters that are not applied, routed experts.

No setting turns gradient checkpointing on yet. The trap is closed for who turns it on in the model: our layers are
recomputed like any other, and the frozen embeddings hand on a gradient (transformers 5 asks them to by itself).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.errors import CheckpointError, PreflightError
from r1tailor.kernels import lora_linear
from r1tailor.kernels.lora_linear import AdaptedLinear
from r1tailor.model import families, load
from r1tailor.objective.supervised import summed_loss
from r1tailor.strategy import load_tuned, open_strategy
from r1tailor.strategy import lora as lora_of
from tests.strategy.test_lora import base_model, logits, tuned_model
from tests.support.saved_models import SOME_BASE
from tests.training.test_module import varied
from tests.traps.shown import FAILURES, shown

# --- 5: gradient checkpointing -----------------------------------------------------------------------------------


def check_recomputation() -> None:
    """After three steps every lora_B has moved, and as far as without recomputation."""
    settings = config.load(["model=tiny_llama", "strategy.target_modules=all_linear", "strategy.dropout=0.0"])
    moved: list[dict[str, torch.Tensor]] = []
    for recomputed in (False, True):
        base = base_model()
        if recomputed:
            base.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": True})
        torch.manual_seed(5)
        model = open_strategy(settings.strategy).apply(base).train()
        assert sum(isinstance(part, AdaptedLinear) for part in model.modules()) == 2 * 7
        optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
        for micro in pack(varied(12), 200, 0):
            summed_loss(model, micro, 0.0).backward()
            optimizer.step()
            optimizer.zero_grad()
        moved.append({name: p.detach() for name, p in model.named_parameters() if "lora_B" in name})
    still = [name for name, value in moved[1].items() if not value.any()]
    assert not still, f"never trained: {still[:3]}"
    for name, value in moved[0].items():
        torch.testing.assert_close(moved[1][name], value, msg=f"recomputation changed {name}")


def inputs_without_gradients(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(PreTrainedModel, "enable_input_require_grads", lambda _: None)


def siblings_remembered(patched: pytest.MonkeyPatch) -> None:
    """What was computed for one input is handed out for the next: recomputation meets the forward's rest."""
    compute = lora_linear._outputs
    known: dict[Any, Any] = {}

    def once(layers: Sequence[AdaptedLinear], x: torch.Tensor) -> Any:  # noqa: ANN401
        key = id(layers[0]), x.shape
        if key not in known:
            known[key] = [part.detach() for part in compute(layers, x)]
        return known[key]

    patched.setattr(lora_linear, "_outputs", once)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")
@pytest.mark.parametrize("fault", [inputs_without_gradients, siblings_remembered])
def test_trap_5_adapters_train_under_gradient_checkpointing(fault: Any) -> None:  # noqa: ANN401
    shown(check_recomputation, fault, "never trained|does not require grad", (*FAILURES, RuntimeError))


# --- 7: adapters that are not applied ----------------------------------------------------------------------------


def check_reload(folder: Path) -> None:
    """Reloaded logits are those of before and not the base's; a renamed key is an error."""
    tuned = tuned_model("tiny_llama")
    open_strategy(config.load(["model=tiny_llama"]).strategy).save(tuned, folder, SOME_BASE)
    assert torch.equal(logits(load_tuned(base_model(), folder, "adapter", temporal=False)), logits(tuned)), (
        "other logits than before"
    )
    assert not torch.allclose(logits(base_model()), logits(tuned), atol=1e-3)
    file = folder / "adapter_model.safetensors"
    renamed = {name.replace("q_proj.lora_B", "q_proj.lora_b"): tensor for name, tensor in load_file(file).items()}
    save_file(renamed, file, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="missing or unexpected weights"):
        load_tuned(base_model(), folder, "adapter", temporal=False)


def keys_are_not_checked(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(lora_of, "_check_keys", lambda *_: None)


def weights_of_the_base(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(lora_of.PeftModel, "from_pretrained", lambda base, *_, **__: base)
    keys_are_not_checked(patched)


@pytest.mark.parametrize(
    ("fault", "said"), [(keys_are_not_checked, "DID NOT RAISE"), (weights_of_the_base, "other logits than before")]
)
def test_trap_7_adapters_are_applied_or_refused(fault: Any, said: str, tmp_path: Path) -> None:  # noqa: ANN401
    shown(partial(check_reload, tmp_path), fault, said)


# --- 8: fused experts --------------------------------------------------------------------------------------------


def check_experts() -> None:
    """What trains is listed; routed experts that were asked for and cannot train are said, or refused."""
    skeleton = load.skeleton(families.tiny_config(config.load(["model=tiny_deepseek_v3"]).model))
    fused = [name for name, p in skeleton.named_parameters() if ".experts." in name]
    assert {skeleton.get_parameter(name).ndim for name in fused} == {3}, "as the trap needs it"
    wanted = config.load(["model=tiny_deepseek_v3", "strategy.target_modules=all_linear"]).strategy
    remarks = open_strategy(wanted).check(skeleton, 100)
    assert any("routed experts" in remark and "stay frozen" in remark for remark in remarks), (
        "experts left out silently"
    )
    model = open_strategy(wanted).apply(base_model("tiny_deepseek_v3"))
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    leaves = {name.split(".lora_")[0].rpartition(".")[2] for name in trained}
    assert f"on {', '.join(dict.fromkeys(_adapted(remarks[0])))}" in remarks[0]
    assert leaves == set(_adapted(remarks[0])), "what is said is not what trains"
    for names in (("gate_up_proj",), ("q_a_proj", "experts"), "mlp"):
        strategy = open_strategy(wanted.model_copy(update={"target_modules": names}))
        with pytest.raises(PreflightError):
            strategy.check(skeleton, 100)


def _adapted(remark: str) -> list[str]:
    return remark.partition(" on ")[2].split(", ")


def unknown_names_are_passed_over(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(families, "_explicit", lambda wanted, present: [name for name in wanted if name in present])


def experts_taken_for_linear_layers(patched: pytest.MonkeyPatch) -> None:
    for module in (families, lora_of):
        patched.setattr(module, "fused_experts", lambda _: [])


@pytest.mark.parametrize(
    ("fault", "said"),
    [(unknown_names_are_passed_over, "DID NOT RAISE"), (experts_taken_for_linear_layers, "left out silently")],
)
def test_trap_8_routed_experts_are_never_left_out_silently(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_experts, fault, said)
