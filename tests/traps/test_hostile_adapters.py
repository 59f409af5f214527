"""Trap 31: hostile adapters and tuned weights, as somebody may hand them on."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.strategy import load_tuned, open_strategy
from tests.strategy.test_lora import base_model, tuned_model
from tests.support.saved_models import SOME_BASE
from tests.traps.danger import Place, case, change_json

pytestmark = pytest.mark.filterwarnings("ignore")  # outside pytest a warning raises nothing, and so it shall be here


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Adapters as they should be."""
    folder = tmp_path_factory.mktemp("original")
    open_strategy(config.load(["model=tiny_llama"]).strategy).save(tuned_model("tiny_llama"), folder, SOME_BASE)
    return folder


@pytest.fixture
def tuned(original: Path, place: Place) -> Path:
    return shutil.copytree(original, place.zone / "tuned")


def test_the_original_is_fine(tuned: Path) -> None:
    load_tuned(base_model(), tuned, "adapter", temporal=False)


@pytest.mark.parametrize(
    "changes",
    [
        case({"megatron_config": {"a": 1}, "megatron_core": "evil"}),
        case({"peft_type": "NONE_SUCH"}),
        case({"peft_type": "PROMPT_TUNING", "tokenizer_name_or_path": "../evil"}),
        case({"r": -1}),
        case({"r": 10**15}),
        case({"rank_pattern": {"q_proj": 1000}}),
        case({"target_modules": []}),
        case({"target_modules": {"a": 1}}),
        case({"modules_to_save": ["lm_head"]}),
        case({"bias": "evil"}),
        case({"use_dora": True}),
        case({"_target_": "os.system"}),
        case({"r": "x"}),
        case({"target_modules": 5}),
        case({"layer_replication": [[0, 10]]}),
        case({"alpha_pattern": 3}),
    ],
    ids=lambda changes: "-".join(map(str, changes)) if isinstance(changes, dict) else None,
)
def test_hostile_fields_of_an_adapter_are_refused(changes: dict[str, Any], tuned: Path, place: Place) -> None:
    (place.zone / "evil.py").write_text(place.program)
    change_json(tuned / "adapter_config.json", **changes)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(place.zone))
        with place.refused("the adapters do not fit this base model"):
            load_tuned(base_model(), tuned, "adapter", temporal=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        case({"target_modules": r".*\.(q|k|v)_proj"}, "target_modules = .* must be a list of names"),
        case({"target_modules": "all-linear"}, "target_modules = 'all-linear': must be a list of names"),
        case({"exclude_modules": "(a+)+"}, "exclude_modules must be empty"),
        case({"layers_pattern": "(a+)+"}, "layers_pattern must be empty"),
        case({"rank_pattern": {"(a+)+": 2}, "alpha_pattern": {"(a+)+": 2}}, "rank_pattern, alpha_pattern must be"),
    ],
)
def test_no_field_of_an_adapter_is_a_pattern(changes: dict[str, Any], said: str, tuned: Path, place: Place) -> None:
    change_json(tuned / "adapter_config.json", **changes)  # peft would take it as a regular expression
    with place.refused(said):
        load_tuned(base_model(), tuned, "adapter", temporal=False)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        case("adapter_config.json", b"{"),
        case("adapter_config.json", b"[" * 100_000, id="deep"),
        case("adapter_config.json", b"[]"),
        case("adapter_config.json", b"null"),
        case("adapter_model.safetensors", None, id="a pickle"),
        case("adapter_model.bin", None, id="a pickle as *.bin"),
    ],
)
def test_broken_adapters_are_one_clear_error(file: str, content: bytes | None, tuned: Path, place: Place) -> None:
    if file.endswith(".bin"):
        (tuned / "adapter_model.safetensors").unlink()
    (tuned / file).write_bytes(place.pickled(2) if content is None else content)
    with place.refused():
        load_tuned(base_model(), tuned, "adapter", temporal=False)


def test_auto_mapping_and_the_base_of_an_adapter_lead_nowhere(tuned: Path, place: Place) -> None:
    evil = {"base_model_class": "Evil", "parent_library": "evil"}
    (place.zone / "evil.py").write_text(place.program)
    change_json(tuned / "adapter_config.json", auto_mapping=evil, base_model_name_or_path="../../evil")
    with pytest.MonkeyPatch.context() as patched, place.harmless():
        patched.syspath_prepend(str(place.zone))
        load_tuned(base_model(), tuned, "adapter", temporal=False)


def test_pickled_full_weights_beside_a_decoy_are_refused(place: Place) -> None:
    folder = place.zone / "tuned"
    folder.mkdir()
    (folder / "decoy.safetensors").write_bytes(b"")
    (folder / "pytorch_model.bin").write_bytes(place.pickled(2))
    with place.refused():
        load_tuned(base_model(), folder, "full", temporal=False)
