"""Base against tuned: predictions are those of the plain model, and the summary holds every comparison."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.domain import open_domain
from r1tailor.errors import DataError
from r1tailor.evaluation.compare_models import Subject, base_and_tuned, held_out, summarise
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.predict import predict
from r1tailor.inference.ranking import distinguishing, inner_paths
from r1tailor.model import load
from r1tailor.records import Example, Prediction
from r1tailor.schema.settings import Settings

LABELS = ("alpha", "beta", "gamma", "delta")


def test_a_label_is_told_from_the_others_by_its_shortest_beginning() -> None:
    assert distinguishing([(1, 2, 3), (1, 2, 4, 5), (6, 7)]) == [(1, 2, 3), (1, 2, 4), (6,)]
    assert distinguishing([(1, 2), (1, 2, 3)]) == [(1, 2), (1, 2, 3)], "one may begin another"
    assert distinguishing([(1, 2)]) == [(1,)]


def test_inner_paths_reach_every_inner_node_of_the_labels_trie() -> None:
    assert inner_paths([(1, 2, 3), (1, 2, 4), (6,)]) == [(1, 2)]
    assert inner_paths([(1,), (2,)]) == [()]
    assert inner_paths([(1, 2), (3, 4)]) == [(1,), (3,)]


def toy(name: str, *overrides: str) -> tuple[Any, PreTrainedModel, ChatTokenizer]:
    small = ("evaluation.max_new_tokens=9", "evaluation.batch_size=3", "trainer.micro_batch_tokens=700")
    settings = config.load([f"model={name}", *small, *overrides])
    model = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    for parameter in model.parameters():
        parameter.data *= 5.0 if parameter.ndim > 1 else 1.0  # far from uniform, so that answers depend on prompts
    return settings, model, load.load_tokenizer(settings.model, config.ROOT)


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
        assert prediction.generated == tokenizer.tokenizer.decode(kept).strip()
        assert (prediction.id, prediction.tokens) == (example.id, len(encoded.response))
        whole = log_likelihood(model, encoded.prompt, encoded.response)
        assert prediction.log_likelihood == pytest.approx(whole, rel=1e-5)
        beginnings = distinguishing([tokenizer.continuation(tokenizer.prompt_text(example), label) for label in LABELS])
        scores = [log_likelihood(model, encoded.prompt, beginning) for beginning in beginnings]
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


def test_the_summary_holds_every_model_with_intervals_and_the_paired_comparisons(examples: list[Example]) -> None:
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    settings = config.load([*task, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    wrong = [Prediction(e.id, "alpha", -9.0, 3, "beta") for e in items]
    right = [Prediction(e.id, e.output, -1.0, 3, e.output) for e in items]
    made = summarise(settings, domain, items[:5], items, base_and_tuned(Path("model")), {"base": wrong, "tuned": right})
    assert made["n"] == 40
    assert made["models"].keys() == {"base", "tuned", "majority"}
    assert {tuple(entry) for model in made["models"].values() for entry in model.values()} == {("value", "low", "high")}
    assert {tuple(entry) for entry in made["comparisons"].values()} == {("difference", "low", "high", "p")}
    tuned, base = made["models"]["tuned"], made["models"]["base"]
    assert tuned.keys() == base.keys()
    assert (tuned["label_accuracy"]["value"], base["label_accuracy"]["value"]) == (1.0, 0.25)
    assert tuned["perplexity"]["value"] == pytest.approx(math.exp(1 / 3))
    assert made["models"]["majority"].keys() == {"exact_match", "label_accuracy"}
    assert made["models"]["majority"]["exact_match"]["value"] == 0.25, "always alpha"
    assert made["comparisons"].keys() == tuned.keys() | {"label_accuracy_against_base_ranked"}
    assert made["comparisons"]["label_accuracy"]["difference"] == 0.75
    assert made["comparisons"]["label_accuracy_against_base_ranked"]["difference"] == 0.75
    for name, entry in made["comparisons"].items():
        assert entry["low"] <= entry["difference"] <= entry["high"], name


def test_further_subjects_are_compared_with_the_reference_they_name(examples: list[Example]) -> None:
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    settings = config.load([*task, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    wrong = [Prediction(e.id, "alpha", -9.0, 3, "beta") for e in items]
    right = [Prediction(e.id, e.output, -1.0, 3, e.output) for e in items]
    subjects = (
        *base_and_tuned(Path("model")),
        Subject("int8", Path("int8"), reference="tuned"),
        Subject("text", Path("text"), reference="base"),
    )
    predictions = {"base": wrong, "tuned": right, "int8": wrong, "text": right}
    made = summarise(settings, domain, items[:5], items, subjects, predictions)
    assert list(made["models"]) == ["base", "tuned", "int8", "text", "majority"]
    int8, text = made["compared"]["int8"], made["compared"]["text"]
    assert (int8["reference"], text["reference"]) == ("tuned", "base")
    assert int8["comparisons"]["label_accuracy"]["difference"] == -0.75
    assert int8["comparisons"]["label_accuracy_against_tuned_ranked"]["difference"] == -0.75
    assert text["comparisons"] == made["comparisons"]


def test_held_out_items_are_spread_over_dates_and_tasks(
    settings: Callable[..., Settings], parts: dict[str, list[Example]]
) -> None:
    some = held_out(settings("domain=finance", "evaluation.max_items=20"), parts["test"])
    assert [sum(e.fields["task"] == task for e in some) for task in ("risk", "trend")] == [10, 10]
    dates = sorted(e.available_at for e in parts["test"])
    for task in ("risk", "trend"):
        of_task = [e.available_at for e in some if e.fields["task"] == task]
        assert (of_task[0], of_task[-1]) == (dates[0], dates[-1])
    assert held_out(settings("evaluation.max_items=3"), parts["test"]) == parts["test"][:3]
