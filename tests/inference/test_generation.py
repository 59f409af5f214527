"""Answers in batches: whose settings they follow, and what they draw from."""

from dataclasses import replace

import torch
from transformers import GenerationConfig

from r1tailor.inference.sampling import Sampling
from r1tailor.kernels.attention import unwrapped
from r1tailor.records import Example
from tests.support.toy_answerers import answerer


def test_the_generation_settings_of_a_folder_do_not_reach_an_answer(examples: list[Example]) -> None:
    model = answerer("evaluation.max_answer_tokens=12")
    plain = model.answer(examples[:4])
    own = GenerationConfig(repetition_penalty=50.0, no_repeat_ngram_size=1, num_beams=2, min_new_tokens=11)
    unwrapped(model.model).generation_config = own
    assert model.answer(examples[:4]) == plain
    assert unwrapped(model.model).generation_config is own, "put back afterwards"


def test_sampling_follows_its_seed_and_leaves_the_global_generator_alone(examples: list[Example]) -> None:
    model = answerer()
    drawn = Sampling(max_answer_tokens=12, temperature=1.5, seed=1)
    state = torch.get_rng_state()
    first, again = model.answer(examples[:3], drawn), model.answer(examples[:3], drawn)
    assert first == again
    assert torch.equal(torch.get_rng_state(), state)
    assert first != model.answer(examples[:3], replace(drawn, seed=2))
    assert first != model.answer(examples[:3], replace(drawn, temperature=0.0))


def test_a_tiny_nucleus_is_greedy(examples: list[Example]) -> None:
    model = answerer()
    nucleus = Sampling(temperature=1.0, top_p=1e-6, seed=3)
    assert model.answer(examples[:3], nucleus) == model.answer(examples[:3])
