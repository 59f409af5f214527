"""Trap 31: hostile base models, tokenizers and chat templates, as somebody may hand them on."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, dynamic_module_utils, modeling_utils

from r1tailor import config
from r1tailor.errors import ModelUnavailableError
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.model import families, load
from r1tailor.records import Example
from tests.strategy.test_lora import base_model
from tests.traps.danger import Place, case, change_json, refused_or_harmless

pytestmark = pytest.mark.filterwarnings("ignore")  # outside pytest a warning raises nothing, and so it shall be here
WEIGHTS, BINARY = "model.safetensors", "pytorch_model.bin"


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model as it should be."""
    folder = tmp_path_factory.mktemp("originals")
    base_model().save_pretrained(folder / "base")
    tokenizer = families.byte_tokenizer()
    tokenizer.chat_template = families.DEEPSEEK_CHAT_TEMPLATE
    tokenizer.save_pretrained(folder / "base")
    return folder


@pytest.fixture
def base(originals: Path, place: Place) -> Path:
    return shutil.copytree(originals / "base", place.zone / "base")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, place: Place) -> list[str]:
    """Questions that were put to the user, all answered with no; what is imported by name stays in the zone."""
    questions: list[str] = []
    monkeypatch.setattr("builtins.input", lambda text: [questions.append(text), "n"][1])
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(place.zone / "modules"))
    return questions


def use(base: Path) -> PreTrainedModel:
    """Do with a base model what a run does: tokenizer, one prompt, architecture, weights."""
    settings = config.load(["model=local", f"model.path={base}"]).model
    load.load_tokenizer(settings, base.parent).encode(Example("x", "Say.", "it", "so"))
    load.skeleton(load.load_config(settings, base.parent))
    return load.load_model(settings, base.parent, torch.float32, seed=1)


def test_the_original_is_fine(base: Path) -> None:
    use(base)


# --- base models -------------------------------------------------------------------------------------------------

AUTO_MAP = {"auto_map": {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}}
TOKENIZER_MAP = {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        case("config.json", AUTO_MAP, id="of a known architecture"),
        case("config.json", AUTO_MAP | {"trust_remote_code": True}, id="with trust asked for"),
        case("config.json", AUTO_MAP | {"model_type": "evil"}, id="of an unknown architecture"),
        case("tokenizer_config.json", TOKENIZER_MAP, id="of a tokenizer"),
    ],
)
def test_a_program_beside_a_model_is_neither_run_nor_asked_about(
    file: str, changes: dict[str, Any], base: Path, place: Place, asked: list[str]
) -> None:
    (base / "evil.py").write_text(place.program)
    change_json(base / file, **changes)
    with refused_or_harmless(place):
        use(base)
    assert asked == []


def test_a_model_that_needs_a_program_is_refused_in_one_line(base: Path, place: Place, asked: list[str]) -> None:
    (base / "evil.py").write_text(place.program)
    change_json(base / "config.json", **(AUTO_MAP | {"model_type": "evil"}))
    with place.harmless(), pytest.raises(ModelUnavailableError) as caught:
        use(base)
    assert re.fullmatch(rf"{re.escape(str(base))}: its .*, and a model's programs are never run; .*", str(caught.value))
    assert asked == []


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation", "_attn_implementation_internal"])
@pytest.mark.parametrize("name", ["kernels-community/flash-attn2", "evil/kernel@main:evil", "eager"])
def test_an_attention_that_a_configuration_names_is_not_taken(
    key: str, name: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []  # a program from the hub
    monkeypatch.setattr(modeling_utils, "lazy_import_flash_attention", lambda name, **_: fetched.append(name))
    change_json(base / "config.json", **{key: name})
    model = use(base)
    assert fetched == []
    assert {module.config._attn_implementation for module in model.modules() if hasattr(module, "config")} == {
        PACKED_ROWS
    }


def test_adapters_beside_a_base_model_lead_to_no_other_model(base: Path, place: Place) -> None:
    (base / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "evil/evil"}')
    with place.refused(r"model\.path = .*it holds adapters"):
        use(base)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", [WEIGHTS, BINARY])
def test_pickled_weights_are_refused_whatever_their_name(name: str, protocol: int, base: Path, place: Place) -> None:
    (base / WEIGHTS).unlink()
    (base / name).write_bytes(place.pickled(protocol))
    with place.refused("its weights cannot be read: .*safetensors"):
        use(base)


def test_weights_that_torch_could_read_are_refused_if_they_are_pickled(base: Path, place: Place) -> None:
    torch.save(load_file(base / WEIGHTS), base / BINARY)
    (base / WEIGHTS).unlink()
    with place.refused("its weights cannot be read: .*safetensors"):
        use(base)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        case("config.json", None, id="no configuration"),
        case(WEIGHTS, (2**62).to_bytes(8, "little") + b"{}", id="a header of exabytes"),
        case(WEIGHTS, b"", id="no weights"),
        case("config.json", b"{", id="half a configuration"),
        case("config.json", b"[]", id="a list"),
        case("tokenizer.json", b"{", id="half a tokenizer"),
        case("config.json", {"hidden_size": -5}, id="a negative size"),
        case("config.json", {"hidden_size": "x"}, id="a size of letters"),
        case("config.json", {"model_type": "../../evil"}, id="a type that is a path"),
        case("model.safetensors.index.json", {"weight_map": {"x": "../../outside.txt"}}, id="an index"),
    ],
)
def test_a_broken_base_model_is_one_clear_error(file: str, content: Any, base: Path, place: Place) -> None:  # noqa: ANN401
    if "index" in file:  # shards wherever the index says
        (base / WEIGHTS).unlink()
        (base / file).write_text('{"metadata": {}}')
    match content:
        case None:
            (base / file).unlink()
        case bytes():
            (base / file).write_bytes(content)
        case _:
            change_json(base / file, **content)
    with place.refused(re.escape(str(base))):
        use(base)


@pytest.mark.parametrize("hub_id", ["../../etc", "/etc/passwd", "a/b/c", "--help", "x" * 500, "a\0b"])
def test_a_hub_id_that_is_a_path_is_refused(hub_id: str, place: Place) -> None:
    settings = config.load(["model=r1_distill_qwen_1_5b"]).model.model_copy(update={"hub_id": hub_id})
    with place.refused("cannot be had"):
        load.load_config(settings, place.zone)


# --- chat templates ----------------------------------------------------------------------------------------------

TEMPLATES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.mkdir('CANARY') }}",
    "{{ lipsum.__globals__['os'].mkdir('CANARY') }}",
    "{{ namespace.__init__.__globals__['__builtins__'].eval('1') }}",
    "{{ (messages | attr('__class__')) | attr('__mro__') | first }}{{ messages.append(1) }}",
    "{{ raise_exception('no') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% for x in range(10**9) %}a{% endfor %}",
    "{{ 'a' * 10**15 }}",
    "{{",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_chat_template_runs_in_its_sandbox(template: str, base: Path, place: Place) -> None:
    (base / "chat_template.jinja").write_text(template.replace("CANARY", str(place.canary)))
    with place.refused("^the tokenizer's chat template fails: .{1,250}$"):
        use(base)
