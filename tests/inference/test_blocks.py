"""Where a block of reasoning begins and ends, and labels that are ranked behind it."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.blocks import behind_block, block_length, decoded, opens_block
from r1tailor.inference.local import LocalAnswerer
from r1tailor.model import load
from r1tailor.records import Example
from tests.support.toy_answerers import answerer

LABELS = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def tokenizer() -> ChatTokenizer:
    return load.load_tokenizer(config.load(["model=tiny_llama"]).model, config.ROOT)


def test_a_response_is_parted_into_its_block_and_its_answer(tokenizer: ChatTokenizer) -> None:
    for reasoning, block in (("so it is", "so it is\n</think>\n\n"), ("", "\n</think>\n\n")):
        encoded = tokenizer.encode(Example("e", "Name it.", "thing", "red", reasoning))
        assert opens_block(tokenizer, encoded.prompt)
        length = block_length(tokenizer, encoded)
        assert decoded(tokenizer, encoded.response[:length]) == block
        assert decoded(tokenizer, encoded.response[length:-1]) == "red"
    plain = replace(encoded, prompt=tokenizer.ids("Name it."), response=tokenizer.ids("a </think> b"))
    assert block_length(tokenizer, plain) == 0, "no block was opened"
    own = replace(plain, response=tokenizer.ids("<think>a</think>b"))
    assert decoded(tokenizer, own.response[block_length(tokenizer, own) :]) == "b"


def test_labels_stand_behind_the_block_that_the_model_wrote(tokenizer: ChatTokenizer) -> None:
    prompt = tokenizer.prompt_text(Example("e", "Name it.", "thing", ""))
    block, labels = behind_block(tokenizer, prompt, LABELS, "hm")
    assert decoded(tokenizer, block) == "hm\n</think>\n\n"
    assert [decoded(tokenizer, ids) for ids in labels] == list(LABELS)
    block, labels = behind_block(tokenizer, prompt, LABELS, "")
    assert block == ()
    assert [decoded(tokenizer, ids) for ids in labels] == [f"\n</think>\n\n{label}" for label in LABELS]


def test_ranking_follows_the_models_own_reasoning(examples: list[Example]) -> None:
    model = answerer()
    asked, labels = examples[:4], [LABELS] * 3 + [()]
    written = [answer.reasoning for answer in model.answer(asked)]
    assert all(written)
    scores = model.rank(asked, labels)
    assert scores == model.rank(asked, labels, reasoning=written), "it reasons where it was not asked before"
    empty = answerer("evaluation.rank_after=empty")
    assert empty.rank(asked, labels) == model.rank(asked, labels, reasoning=[""] * 4) != scores
    for example, block, found in zip(asked, written, scores, strict=True):
        assert found == pytest.approx(_one_by_one(model, example, block, LABELS if found else ()), abs=1e-4)


def _one_by_one(model: LocalAnswerer, example: Example, reasoning: str, labels: tuple[str, ...]) -> list[float]:
    """Return the log-likelihood of each label's first token behind the block, by the plain model."""
    chat, plain = model.tokenizer, model.model
    before = chat.ids(f"{reasoning}\n</think>\n\n")
    plain.set_attn_implementation("eager")  # type: ignore[operator]
    with torch.no_grad():
        logits = plain(torch.tensor([[*chat.prompt(example).prompt, *before]])).logits[0, -1]
    plain.set_attn_implementation("packed_rows")  # type: ignore[operator]
    return [float(F.log_softmax(logits, -1)[chat.ids(label)[0]]) for label in labels]


def test_the_likelihood_of_a_block_stands_apart_from_that_of_the_answer(examples: list[Example]) -> None:
    model = answerer()
    thought = [replace(example, reasoning=f"about {example.input}") for example in examples[:3]]
    whole = model.score(thought)
    for example, found in zip(thought, whole, strict=True):
        encoded = model.tokenizer.encode(example)
        n = found.block_tokens
        assert decoded(model.tokenizer, encoded.response[:n]) == f"{example.reasoning}\n</think>\n\n"
        behind = replace(encoded, prompt=encoded.prompt + encoded.response[:n], response=encoded.response[n:])
        with torch.inference_mode():
            (answer,) = model._likelihoods([behind])
        assert found.log_likelihood - found.block_log_likelihood == pytest.approx(answer, abs=1e-4)
        assert found.tokens == len(encoded.response)
