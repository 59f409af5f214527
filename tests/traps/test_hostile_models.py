"""Trap 31: hostile base models, tokenizers and chat templates, as somebody may hand them on."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, dynamic_module_utils, modeling_utils

from r1tailor import config, store
from r1tailor.batching import chat_template, tokens
from r1tailor.errors import DataError, ModelUnavailableError
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.model import families, load
from r1tailor.records import Example
from r1tailor.schema.corpus import Limits
from r1tailor.schema.model import PackagedModel
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


# --- names that lead elsewhere ------------------------------------------------------------------------------------

SHARDS = ["pytorch_model.bin", "x.pt", "../shard.safetensors", "/etc/passwd", "a/b.safetensors", "a\\b.safetensors", ""]


@pytest.mark.parametrize("index", ["model.safetensors.index.json", "pytorch_model.bin.index.json"])
@pytest.mark.parametrize("shard", [*SHARDS, "..", ".safetensors/../x", "a\0.safetensors", "gone.bin", 5, None, ["x"]])
def test_an_index_names_safetensors_of_its_own_folder(shard: object, index: str, base: Path, place: Place) -> None:
    """Before, a pickle of tensors that an index named was loaded, and weights of any folder."""
    weights = load_file(base / WEIGHTS)
    torch.save(weights, base / BINARY)
    torch.save(weights, base / "x.pt")
    shutil.copy(base / WEIGHTS, place.folder / "shard.safetensors")
    (base / WEIGHTS).unlink()
    listed = {"metadata": {}, "weight_map": dict.fromkeys(weights, shard)}
    (base / index).write_text(json.dumps(listed), encoding="utf-8")
    with place.refused(rf"{re.escape(index)} names .*a shard is a \*\.safetensors file in the same folder"):
        use(base)


@pytest.mark.parametrize("content", [{}, [], {"weight_map": []}, {"weight_map": {"x": "gone.safetensors"}}])
def test_an_index_without_its_shards_is_refused(content: object, base: Path, place: Place) -> None:
    (base / "model.safetensors.index.json").write_text(json.dumps(content), encoding="utf-8")
    with place.refused("holds no weight_map|names 'gone.safetensors', which is not there"):
        use(base)


@pytest.mark.parametrize(
    "name", ["config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", "more.json", "sub"]
)
def test_a_link_out_of_a_model_folder_is_refused(name: str, base: Path, place: Place) -> None:
    outside = place.folder / f"outside-{name}"
    if name == "sub":
        outside.mkdir()
    elif (base / name).exists():
        (base / name).rename(outside)
    else:
        outside.write_text("{}")
    (base / name).symlink_to(outside)
    with place.refused(f"{re.escape(name)} is a link that leads out of it"):
        use(base)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        case("config.json", {"transformers_weights": "../shard.safetensors"}),
        case("config.json", {"transformers_weights": "/etc/x.safetensors.index.json"}),
        case("config.json", {"adapter_path": "../evil"}),
        case("tokenizer_config.json", {"tokenizer_file": "../../secret.yaml"}),
        case("tokenizer_config.json", {"vocab_file": "/etc/passwd"}),
        case("tokenizer_config.json", {"merges_file": "/etc/passwd"}),
        case("tokenizer_config.json", {"spm_file": "evil.model"}),
    ],
)
def test_no_setting_of_a_model_names_another_file(file: str, changes: dict[str, Any], base: Path, place: Place) -> None:
    change_json(base / file, **changes)
    with place.refused(rf"{re.escape(file)}: {next(iter(changes))} names "):
        use(base)


@pytest.mark.parametrize("name", ["model.gguf", "model.ckpt", "flax_model.msgpack", "tf_model.h5", "consolidated.pth"])
def test_weights_of_another_format_are_no_weights(name: str, base: Path, place: Place) -> None:
    (base / WEIGHTS).rename(base / name)
    with place.refused("its weights cannot be read"):
        use(base)


# --- the caches --------------------------------------------------------------------------------------------------


@pytest.fixture
def packaged(base: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a packaged model in our cache; nothing can be fetched."""
    monkeypatch.setenv("R1TAILOR_CACHE", str(place.zone / "cache"))
    monkeypatch.setattr(load, "_convert", unreachable)
    monkeypatch.setattr(load, "_from_hub", unreachable)
    settings = config.load([]).model
    assert isinstance(settings, PackagedModel)
    folder = load.converted_folder(settings)
    shutil.copytree(base, folder)
    store.write_manifest(folder, {})
    return folder


def unreachable(*_: object, **__: object) -> Path:
    raise DataError("not here")


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"]
)
@pytest.mark.parametrize("how", ["changed", "added", "gone"])
def test_every_file_of_a_cached_model_is_checked_and_not_only_its_weights(
    name: str, how: str, packaged: Path, place: Place
) -> None:
    settings = config.load([]).model
    load.load_tokenizer(settings, place.zone)
    if how == "added":
        (packaged / f"more-{name}").write_text("{}")
    elif how == "gone" or not (packaged / name).exists():
        (packaged / name).unlink(missing_ok=True)
        (packaged / "tokenizer_config.json").unlink(missing_ok=True)
    else:
        (packaged / name).write_bytes((packaged / name).read_bytes() + b" ")
    for read in (load.load_tokenizer, load.load_config):
        with place.refused("not here"):
            read(settings, place.zone)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS])
def test_a_file_of_the_hubs_cache_that_was_changed_is_refused(name: str, base: Path, place: Place) -> None:
    cache = place.zone / "models--a--b"
    snapshot = cache / "snapshots" / ("a" * 40)
    (cache / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for file in base.iterdir():
        content = file.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        blob = cache / "blobs" / (hashlib.sha256(content).hexdigest() if file.name == WEIGHTS else git)
        blob.write_bytes(content)
        (snapshot / file.name).symlink_to(Path("..") / ".." / "blobs" / blob.name)
    assert load._checked(snapshot, weights=True) == snapshot
    (snapshot / name).resolve().write_bytes(b"{}")
    with place.refused(f"{re.escape(name)} was changed after it was downloaded"):
        load._checked(snapshot, weights=True)


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", "v1.0", "ad9f0ae", "../../x", "A" * 40])
def test_a_model_of_the_hub_is_pinned_to_a_commit(revision: str, place: Place) -> None:
    with place.refused("must be the hash of a commit"):
        config.load(["model=r1_distill_qwen_1_5b", f"model.revision={revision}"])


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
    with place.refused(
        "^the tokenizer's chat template fails: .{1,250}$|its chat template: it takes more than 300 MB of memory"
    ):
        use(base)


ENDLESS = {
    "loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a power that no signal interrupts": "{% set x = 9 ** (9 ** 9) %}",
    "doubles": "{% set x = namespace(y='yy') %}{% for i in range(60) %}{% set x.y = x.y ~ x.y %}{% endfor %}{{ x.y }}",
    "repeats": "{{ 'x' * 10 ** 11 }}",
    "calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "writes too much": "{{ 'x' * 2000000 }}",
}
REACHED = r"it (takes more than .* (processor time|memory)|writes 2,0.* characters for \d+)$"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_template, "_LIMITS", Limits(seconds=1, memory_mb=200))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", ENDLESS)
def test_a_chat_template_without_end_is_refused_when_it_is_loaded(name: str, base: Path, place: Place) -> None:
    (base / "chat_template.jinja").write_text(ENDLESS[name])
    with place.refused(rf"/base/chat_template\.jinja: its chat template: {REACHED}"):
        load.load_tokenizer(config.load(["model=local", f"model.path={base}"]).model, base.parent)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", ["loops", "repeats", "writes too much"])
def test_a_chat_template_without_end_for_one_example_is_refused_with_it(name: str, base: Path, place: Place) -> None:
    hostile = "{% if 'odd' in messages[0]['content'] %}" + ENDLESS[name] + "{% endif %}"
    (base / "chat_template.jinja").write_text(families.DEEPSEEK_CHAT_TEMPLATE + hostile)
    tokenizer = load.load_tokenizer(config.load(["model=local", f"model.path={base}"]).model, base.parent)
    examples = [Example(f"e-{text}", "Say.", text, "so") for text in ("even", "odd")]
    with place.refused(rf"/base/chat_template\.jinja: its chat template with example e-odd: {REACHED}"):
        tokens.tokenize(examples, tokenizer, 512)
