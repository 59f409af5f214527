"""Gemma 3 270M for real: joined from its parts, converted, exact on packed rows whose windows are crossed."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from r1tailor import config, store
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import tokenize
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example
from r1tailor.schema.model import PackagedModel
from tests.conftest import ROOT

GEMMA = ("model=gemma3_270m", "model.accept_licence=true")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not load.converted_folder(config.load(list(GEMMA)).model).is_dir(),  # type: ignore[arg-type]
        reason="its terms are to be accepted, and it takes minutes to convert: r1tailor plan " + " ".join(GEMMA),
    ),
]


def gemma() -> PackagedModel:
    settings = config.load(list(GEMMA)).model
    assert isinstance(settings, PackagedModel)
    return settings


def test_the_converted_model_is_whole_and_its_turns_end_in_its_own_token() -> None:
    tokenizer = load.load_tokenizer(gemma(), ROOT)
    assert store.damage(load.converted_folder(gemma())) is None
    ids = tokenizer.ids("<start_of_turn>user\nHello 你好，世界  two\n\nlines\t5%<end_of_turn>\n")
    assert ids == (105, 2364, 107, 9259, 43758, 237389, 236900, 12811, 138, 13498, 108, 8721, 255968, 236810, 236908, 106, 107)  # fmt: skip  # noqa: E501  (llama.cpp's, from the same file)
    assert tokenizer.end == 106
    assert tokenizer.encode(Example("a", "?", "", "Yes.")).prompt[:4] == (2, 105, 2364, 107), "one start of text"


def test_packed_likelihoods_equal_one_example_at_a_time_beyond_the_window() -> None:
    tokenizer = load.load_tokenizer(gemma(), ROOT)
    asked = "发热、咳嗽，" * 200  # 600 tokens and more: the window has 512
    examples = [Example(str(n), "应到哪个科室就诊？", asked + extra, answer) for n, (extra, answer) in enumerate(
        (("头痛", "神经内科"), ("腹痛、腹泻", "消化内科"), ("皮疹", "皮肤科"))
    )]  # fmt: skip
    tokens = tokenize(examples, tokenizer, 2000).examples
    assert min(map(len, tokens)) > 520
    (packed,) = pack(tokens, 4000, tokenizer.end)
    ours = load.load_model(gemma(), ROOT, torch.float32, 1)
    plain = AutoModelForCausalLM.from_pretrained(load.converted_folder(gemma()), dtype=torch.float32)
    with torch.no_grad():
        together = dict(zip(packed.members, log_likelihoods(ours, packed).tolist(), strict=True))
        for index, example in enumerate(tokens):
            logits = plain(torch.tensor([example.prompt + example.response])).logits[0, len(example.prompt) - 1 : -1]
            alone = logits.log_softmax(-1).gather(1, torch.tensor(example.response)[:, None]).sum()
            assert together[index] == pytest.approx(float(alone), rel=1e-5)
