"""Predictions are those of the plain model, one item at a time."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from r1tailor.errors import DataError
from r1tailor.inference.blocks import behind_block
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.predict import predict
from r1tailor.inference.ranking import distinguishing
from r1tailor.records import Example
from r1tailor.thinking import parted
from tests.support.toy_answerers import toy

LABELS = ("alpha", "beta", "gamma", "delta")


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_predictions_are_those_of_the_plain_model_one_by_one(name: str, examples: list[Example]) -> None:
    settings, model, tokenizer = toy(name)
    done: list[int] = []
    made = predict(LocalAnswerer(model, tokenizer, settings), examples[:8], [LABELS] * 8, done.append)
    assert sum(done) == 3 * 8
    assert model.config._attn_implementation == "packed_rows", "put back after generation"
    model.set_attn_implementation("eager")
    for example, prediction in zip(examples, made, strict=False):
        encoded = tokenizer.encode(example)
        prompt = torch.tensor([encoded.prompt])
        output = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), do_sample=False,
                                max_new_tokens=9, eos_token_id=tokenizer.end, pad_token_id=tokenizer.end)  # fmt: skip
        new = output[0, prompt.shape[1] :].tolist()
        kept = new[: new.index(tokenizer.end)] if tokenizer.end in new else new
        written = tokenizer.tokenizer.decode(kept).strip()
        assert prediction.generated == f"<think>\n{written}", "the prompt opened the block"
        assert (prediction.id, prediction.tokens) == (example.id, len(encoded.response))
        whole = log_likelihood(model, encoded.prompt, encoded.response)
        assert prediction.log_likelihood == pytest.approx(whole, rel=1e-5)
        block, behind = behind_block(tokenizer, tokenizer.prompt_text(example), LABELS, parted(prediction.generated)[0])
        scores = [log_likelihood(model, encoded.prompt + block, ids) for ids in distinguishing(behind)]
        assert prediction.ranked == LABELS[int(np.argmax(scores))]
        assert prediction.label_scores == pytest.approx(scores, rel=1e-5)
    assert len({prediction.generated for prediction in made}) > 1


def log_likelihood(model: PreTrainedModel, prompt: tuple[int, ...], response: tuple[int, ...]) -> float:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *response]])).logits[0, len(prompt) - 1 : -1]
    return -float(F.cross_entropy(logits, torch.tensor(response), reduction="sum"))


def test_an_item_that_is_too_long_is_a_users_error_and_never_scored_in_part(examples: list[Example]) -> None:
    settings, model, tokenizer = toy("tiny_llama")
    longest = max(len(tokenizer.encode(example)) for example in examples[:8])
    short = settings.model_copy(update={"model": settings.model.model_copy(update={"context_length": longest - 1})})
    with pytest.raises(DataError, match=r"prompts are longer than model tiny_llama reads \([\d,]+ tokens\): e\d+"):
        predict(LocalAnswerer(model, tokenizer, short), examples[:8], (), lambda _: None)
