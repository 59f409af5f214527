"""Toy-size configurations keep class and flags."""

import doctest
from typing import Any

from transformers import AutoConfig

from r1tailor.model import toy
from r1tailor.model.toy import LONGEST, toy_config


def made(kind: str, length: int = 8192, **flags: Any) -> Any:  # noqa: ANN401
    return toy_config(AutoConfig.for_model(kind, **flags), length)


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(toy).failed == 0


def test_sizes_shrink_and_flags_stay() -> None:
    small = made("granite", logits_scaling=8.0, attention_bias=True, num_key_value_heads=8)
    assert (small.hidden_size, small.num_attention_heads, small.num_key_value_heads) == (64, 4, 2)
    assert (small.vocab_size, small.num_hidden_layers, small.intermediate_size) == (64, 2, 48)
    assert (small.logits_scaling, small.attention_bias) == (8.0, True)


def test_a_window_is_crossed_where_the_real_one_is() -> None:
    assert made("mistral", sliding_window=4096, length=4097).sliding_window == 8
    assert made("mistral", sliding_window=4096, length=4096).sliding_window == LONGEST


def test_one_layer_of_each_kind_stays() -> None:
    assert made("gemma3_text").layer_types == ["sliding_attention", "full_attention"]


def test_original_lengths_of_static_embeddings_are_crossed_and_those_of_longrope_are_not() -> None:
    yarn = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e4, "original_max_position_embeddings": 4096}
    assert made("llama", rope_parameters=yarn).rope_parameters["original_max_position_embeddings"] < LONGEST
    longrope = {
        "rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 48, "long_factor": [1.0] * 48,
        "original_max_position_embeddings": 4096,
    }  # fmt: skip
    small = made("phi3", rope_parameters=longrope, max_position_embeddings=131072)
    assert small.rope_parameters["original_max_position_embeddings"] == LONGEST
    assert small.max_position_embeddings == 32 * LONGEST  # the ratio decides a factor on the scores
    assert len(small.rope_parameters["short_factor"]) == 8


def test_whether_heads_are_as_wide_as_the_hidden_states_stays() -> None:
    assert made("llama").hidden_size == 4 * made("llama").head_dim
    wider = made("llama", head_dim=256)
    assert wider.hidden_size < 4 * wider.head_dim
