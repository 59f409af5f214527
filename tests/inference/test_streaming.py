"""Answers token by token: the same as all at once, each row drawn as it asks, rows leaving as they end."""

from dataclasses import replace

import pytest
import torch

from r1tailor.inference.generation import generate, generating
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.inference.streaming import Wanted, stream
from r1tailor.records import Example
from tests.support.toy_answerers import toy


def _streamed(name: str, wanted: list[Wanted]) -> list[list[int]]:
    _, model, tokenizer = toy(name)
    found: list[list[int]] = [[] for _ in wanted]
    with torch.inference_mode():
        for step in stream(model, tokenizer, wanted, lambda _: False):
            for drawn in step:
                found[drawn.row].append(drawn.id)
    return found


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_a_stream_is_the_answer_of_evaluation(name: str, examples: list[Example]) -> None:
    _, model, tokenizer = toy(name)
    prompts = [tokenizer.prompt(example) for example in examples[:5]]
    sampling = replace(GREEDY, max_answer_tokens=9)
    with torch.inference_mode():
        whole = generate(model, tokenizer, prompts, sampling, 5, lambda _: None)
    found = _streamed(name, [Wanted(prompt.prompt, sampling) for prompt in prompts])
    decoded = [tokenizer.tokenizer.decode([t for t in ids if t != tokenizer.end]).strip() for ids in found]
    assert decoded == [answer.text for answer in whole]
    assert len({*map(tuple, found)}) > 1


def test_rows_ask_for_different_things_and_leave_as_they_end(examples: list[Example]) -> None:
    _, _, tokenizer = toy("tiny_llama")
    prompts = [tokenizer.prompt(example).prompt for example in examples[:3]]
    lengths = [2, 7, 4]
    heats = zip(lengths, (0.0, 1.3, 0.7), strict=True)
    samplings = [Sampling(max_answer_tokens=length, temperature=heat, seed=5) for length, heat in heats]
    wanted = [Wanted(prompt, sampling) for prompt, sampling in zip(prompts, samplings, strict=True)]
    together = _streamed("tiny_llama", wanted)
    assert all(len(ids) <= n for ids, n in zip(together, lengths, strict=True))
    assert together == [_streamed("tiny_llama", [one])[0] for one in wanted], "alone as in company"
    assert together != _streamed("tiny_llama", [replace(w, sampling=replace(w.sampling, seed=6)) for w in wanted])


def test_probabilities_are_those_of_the_model(examples: list[Example]) -> None:
    _, model, tokenizer = toy("tiny_llama")
    prompt = tokenizer.prompt(examples[0]).prompt
    with torch.inference_mode():
        (first,) = next(stream(model, tokenizer, [Wanted(prompt, Sampling(2), top=3)], lambda _: False))
        with generating(model):
            expected = model(torch.tensor([prompt])).logits[0, -1].log_softmax(-1)
    assert first.logprob == pytest.approx(float(expected[first.id]), abs=1e-4)
    assert [id_ for id_, _ in first.top] == expected.topk(3).indices.tolist()
    assert first.id == first.top[0][0]


def test_a_row_that_nobody_wants_any_more_is_left(examples: list[Example]) -> None:
    _, model, tokenizer = toy("tiny_llama")
    wanted = [Wanted(tokenizer.prompt(example).prompt, Sampling(9)) for example in examples[:2]]
    dropped: set[int] = set()
    rows = []
    with torch.inference_mode():
        for step in stream(model, tokenizer, wanted, lambda row: row in dropped):
            rows.append([drawn.row for drawn in step])
            dropped.add(0)
    assert rows[0] == [0, 1]
    assert all(row == [1] for row in rows[1:])
    assert len(rows) > 1
