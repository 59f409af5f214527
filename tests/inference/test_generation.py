"""Answers in batches: whose settings they follow, and what they draw from."""

from dataclasses import replace

import torch
from transformers import GenerationConfig

from r1tailor.inference.sampling import Sampling
from r1tailor.kernels.attention import unwrapped
from r1tailor.records import Example
from tests.support.toy_answerers import answerer


def test_the_generation_settings_of_a_folder_do_not_reach_an_answer(examples: list[Example]) -> None:
    """Trap 42."""
    model = answerer("evaluation.max_answer_tokens=12")
    plain = model.answer(examples[:4])
    own = GenerationConfig(
        repetition_penalty=50.0, no_repeat_ngram_size=1, num_beams=2, min_new_tokens=11, suppress_tokens=list(range(99))
    )
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


def test_draws_are_an_items_own_whatever_is_asked_with_it(examples: list[Example]) -> None:
    drawn = Sampling(max_answer_tokens=12, temperature=1.0, top_p=0.95, seed=7)
    one_by_one, together = answerer("evaluation.batch_size=1"), answerer("evaluation.batch_size=5")
    asked = examples[:8]
    expected = {item.id: answer for item, answer in zip(asked, one_by_one.answer(asked, drawn), strict=True)}
    shuffled = [asked[place] for place in (5, 2, 7, 0, 3, 6, 1, 4)]
    assert [expected[item.id] for item in shuffled] == together.answer(shuffled, drawn)
    again = together.answer(asked, replace(drawn, sample=1))
    assert [expected[item.id] for item in asked] != again, "the second sample has draws of its own"
    same = replace(asked[0], id="another")
    assert one_by_one.answer([same], drawn) != [expected[asked[0].id]], "so has another item with the same text"


def test_a_block_is_closed_for_the_model_and_its_answer_follows(examples: list[Example]) -> None:
    budgets = ("evaluation.max_reasoning_tokens=6", "evaluation.max_answer_tokens=5")
    cut = answerer(*budgets).answer(examples[:4])
    closed = answerer(*budgets, "evaluation.on_truncation=close", "evaluation.batch_size=1").answer(examples[:4])
    for before, after in zip(cut, closed, strict=True):
        assert (before.truncated, before.answer, before.reasoning_tokens) == ("reasoning", "", 6)
        assert (after.truncated, after.reasoning_tokens) == ("reasoning", 6)
        assert after.reasoning == before.reasoning
        assert after.answer_tokens > 0
        assert f"{after.reasoning}\n</think>" in after.text
    together = answerer(*budgets, "evaluation.on_truncation=close", "evaluation.batch_size=4").answer(examples[:4])
    assert together == closed
