"""Likelihoods, rankings and answers of a model that reads windows, and of windows that say nothing."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.evaluation.market.ablation import shuffled
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.predict import predict
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example, Prediction
from r1tailor.schema.settings import Settings
from tests.batching.test_packing import MODELS, PADDING
from tests.support.windowed import (
    LABELS,
    STRATEGIES,
    alone,
    composition,
    eager,
    reader,
    tokens_of,
    tuned,
    windowed,
)


def answers(model: nn.Module, settings: Settings, examples: Sequence[Example], batch: int) -> list[Prediction]:
    evaluation = settings.evaluation.model_copy(update={"batch_size": batch, "max_answer_tokens": 12})
    trainer = settings.trainer.model_copy(update={"micro_batch_tokens": 700})
    chat = load.load_tokenizer(settings.model, config.ROOT)
    answerer = LocalAnswerer(model, chat, settings.model_copy(update={"evaluation": evaluation, "trainer": trainer}))
    return predict(answerer, examples, [LABELS] * len(examples), lambda _: None)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", MODELS)
def test_answers_in_batches_are_the_answers_one_by_one(name: str, strategy: str) -> None:
    settings = composition(name, strategy)
    model, examples = tuned(settings).eval(), windowed()
    together = answers(model, settings, examples, 50)
    single = [answer for e in examples for answer in answers(model, settings, [e], 1)]
    assert [(p.id, p.generated, p.ranked) for p in together] == [(p.id, p.generated, p.ranked) for p in single]
    assert all(p.generated for p in together)
    for mine, other in zip(together, single, strict=True):
        assert mine.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-5)
        assert mine.label_scores == pytest.approx(other.label_scores, rel=1e-5)


def test_generation_continues_what_the_model_reads_with_its_window() -> None:
    settings = composition()
    model = tuned(settings).eval()
    (example, *_) = windowed()
    plain = eager(copy.deepcopy(model))
    (answer,) = answers(model, settings, [example], 1)
    chat, prompt = reader(settings), reader(settings).prompt(example)
    written: list[int] = []
    with torch.no_grad():
        while len(written) < 12 and written[-1:] != [chat.end]:
            written.append(int(alone(plain, replace(prompt, response=tuple(written)))[-1].argmax()))
    assert answer.generated == chat.tokenizer.decode(written).removesuffix("<｜end▁of▁sentence｜>").strip()


def test_rankings_and_likelihoods_read_the_window_and_the_base_model_does_not() -> None:
    settings = composition()
    examples = windowed()[:-1]
    other = shuffled(examples, 1)
    model = tuned(settings).eval()
    for mine, theirs in zip(*(answers(model, settings, some, 8) for some in (examples, other)), strict=True):
        assert mine.log_likelihood != theirs.log_likelihood, "the likelihood does not read the window"
        assert mine.label_scores != theirs.label_scores, "the ranking does not read the window"
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    assert answers(base, settings, examples, 8) == answers(base, settings, other, 8)


def test_rows_of_a_micro_batch_without_windows_ask_for_no_encoder() -> None:
    settings = composition()
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    (row,) = pack(tokens_of(settings, windowed()), 10_000, PADDING)
    assert isinstance(row, MicroBatch)
    with pytest.raises(ValueError, match="needs a model with a temporal encoder"):
        log_likelihoods(base, row)
