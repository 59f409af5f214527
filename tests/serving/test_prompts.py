"""Prompts in ids: as in training, and never longer than leaves room for an answer."""

import pytest

from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example
from r1tailor.serving.engine import Ask, Turn
from r1tailor.serving.prompts import opens_reasoning, prompted
from r1tailor.serving.refusals import Refused
from tests.support.toy_answerers import toy


def test_a_question_has_the_ids_of_training() -> None:
    _, _, tokenizer = toy("tiny_llama")
    ids, sampling = prompted(Ask(turns=(Turn("user", "Name it.\n\nitem 7"),)), tokenizer, 4096)
    assert ids == tokenizer.prompt(Example("e", "Name it.", "item 7", "")).prompt
    assert sampling.max_answer_tokens == 4096 - len(ids)


def test_an_answer_fits_behind_the_prompt_or_the_prompt_is_refused() -> None:
    _, _, tokenizer = toy("tiny_llama")
    ask = Ask(text="abc", sampling=Sampling(100))
    ids, sampling = prompted(ask, tokenizer, 10)
    assert sampling.max_answer_tokens == 10 - len(ids)
    with pytest.raises(Refused, match="the prompt has 3 tokens; with an answer, the model reads 3") as caught:
        prompted(ask, tokenizer, len(ids))
    assert (caught.value.status, caught.value.param) == (400, "prompt")
    assert prompted(Ask(text=""), tokenizer, 10)[0] == (tokenizer.end,)


def test_a_template_of_r1_opens_the_reasoning() -> None:
    _, _, tokenizer = toy("tiny_llama")
    assert opens_reasoning(tokenizer) == tokenizer.prompt_text(Example("e", "", "a", "")).rstrip().endswith("<think>")
