"""Metrics, intervals, paired tests, verdicts and predictions against independent computations."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu
import torch
import torch.nn.functional as F
from scipy.stats import kstest
from transformers import PreTrainedModel

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.domain import Domain, ScoredMetric, open_domain
from r1tailor.errors import DataError
from r1tailor.evaluation.compare_models import Subject, base_and_tuned, summarise
from r1tailor.evaluation.gate import verdicts
from r1tailor.evaluation.metrics import Measured, bleu, measure, perplexity, scored
from r1tailor.evaluation.significance import compare, interval
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.predict import predict
from r1tailor.inference.ranking import distinguishing, inner_paths
from r1tailor.model import load
from r1tailor.records import Example, Prediction
from r1tailor.schema.domain import Goal

RIGHT = ScoredMetric("right", "proportion")
SCORE = ScoredMetric("score", "mean")
LABELS = ("alpha", "beta", "gamma", "delta")


def answered(references: Sequence[str], answers: Sequence[str]) -> tuple[list[Example], list[Prediction]]:
    return (
        [Example(str(i), "", "", reference) for i, reference in enumerate(references)],
        [Prediction(str(i), answer, -1.0, 1, "") for i, answer in enumerate(answers)],
    )


@pytest.mark.parametrize(
    ("language", "references", "answers"),
    [
        ("en", ["the cat sat on the mat.", "it's 38.5 C now"], ["the cat sat on a mat.", "it is 38.5 C now"]),
        ("en", ["the cat sat on the mat today"], ["the cat sat"]),
        ("en", ["one two three four five"], ["one two six four five"]),
        ("en", ["one two three four five"], ["five four three two one"]),
        ("en", ["a b c d e"], ["v w x y z"]),
        ("en", ["a b c d e", "p q r s"], ["", ""]),
        ("en", ["yes"], ["yes"]),
        ("en", ["yes it is so"], ["<think>\nyes it is so\n</think>\n\nyes it is so"]),
        ("zh", ["患者发热38.5度,咳嗽两天", "无异常"], ["患者发热38.5度,咳嗽三天", "没有异常"]),
        ("zh", ["高血压二级"], ["糖尿病一型"]),
    ],
)
def test_bleu_is_sacrebleus(language: str, references: list[str], answers: list[str]) -> None:
    measured = bleu(*answered(references, answers), language)
    cut = [answer.rpartition("</think>")[2].strip() for answer in answers]
    expected = sacrebleu.corpus_bleu(cut, [references], tokenize="zh" if language == "zh" else "13a").score
    assert measured.value == pytest.approx(expected, abs=1e-9)
    resampled = measured.compute(np.stack([measured.statistics.sum(axis=0)] * 3))
    assert resampled.tolist() == pytest.approx([expected] * 3)


def test_perplexity_weighs_tokens_and_not_items() -> None:
    measured = perplexity([Prediction("a", "", -6.0, 2, ""), Prediction("b", "", -2.0, 6, "")])
    assert measured.value == pytest.approx(math.exp(8 / 8))


def test_a_score_is_the_mean_over_items() -> None:
    assert scored(SCORE, [0.25, 0.5, 1.0]).value == pytest.approx(7 / 12)


class _TwoTasks(Domain):
    """Even items are scored by one metric, odd ones by another; the third scores none."""

    metrics = (RIGHT, SCORE, ScoredMetric("absent", "mean"))

    def examples(self) -> Any:  # noqa: ANN401
        return iter(())

    def labels(self) -> tuple[str, ...]:
        return ()

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        return {"score": 0.25} if int(example.id) % 2 else {"right": float(prediction.generated == "yes")}

    def majority_answer(self, train: Sequence[Example]) -> str:
        return "yes"


def test_a_metric_is_that_of_the_items_it_says_something_of() -> None:
    items, said = answered(["yes"] * 6, ["yes", "", "yes", "", "no", ""])
    found = measure(_TwoTasks(config.load([]).domain, ()), items, said, "en")
    assert set(found) == {"perplexity", "bleu", "right", "score"}
    assert (found["right"].value, found["score"].value) == (pytest.approx(2 / 3), 0.25)
    alone = interval(scored(RIGHT, [1.0, 1.0, 0.0]), 200, 0.95, 1)
    assert interval(found["right"], 200, 0.95, 1) == alone  # Wilson's over three items
    better = scored(RIGHT, [1.0, None, 1.0, None, 1.0, None])
    assert compare(found["right"], better, 200, 0.95, 1).difference == pytest.approx(1 / 3)


def test_a_resample_without_any_item_of_a_metric_does_not_count() -> None:
    rare = scored(SCORE, [0.5, *[None] * 9])  # (9/10)^10: in a third of the resamples it is not drawn
    assert interval(rare, 300, 0.95, 1).as_dict() == {"value": 0.5, "low": 0.5, "high": 0.5}
    found = compare(rare, scored(SCORE, [0.75, *[None] * 9]), 300, 0.95, 1)
    assert (found.difference, found.low, found.high) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(8, 10, 0.4901625, 0.9433178), (0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0), (50, 100, 0.4038315, 0.5961685)],
)
def test_a_proportion_has_wilsons_interval(right: int, n: int, low: float, high: float) -> None:
    found = interval(scored(RIGHT, [1.0] * right + [0.0] * (n - right)), 100, 0.95, seed=1)
    assert (found.value, found.low, found.high) == pytest.approx((right / n, low, high), abs=1e-6)


def test_the_bootstrap_interval_covers_a_known_mean() -> None:
    generator = np.random.default_rng(4)
    covered = 0
    for seed in range(100):
        found = interval(scored(SCORE, generator.beta(2, 5, size=60).tolist()), 400, 0.95, seed)
        assert found.low < found.value < found.high
        covered += found.low <= 2 / 7 <= found.high
    assert covered >= 90


def test_intervals_and_comparisons_follow_the_seed() -> None:
    first, second = (scored(SCORE, np.random.default_rng(seed).random(50).tolist()) for seed in (1, 2))
    assert interval(first, 300, 0.9, 5) == interval(first, 300, 0.9, 5) != interval(first, 300, 0.9, 6)
    assert compare(first, second, 300, 0.9, 5) == compare(first, second, 300, 0.9, 5)


def test_mcnemar_counts_the_items_that_one_model_alone_gets_right() -> None:
    base = scored(RIGHT, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    tuned = scored(RIGHT, [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0])  # 7 gained, 1 lost
    assert compare(base, tuned, 100, 0.95, 1).p == pytest.approx(2 * (1 + 8) / 2**8)
    assert compare(tuned, base, 100, 0.95, 1).p == pytest.approx(2 * (1 + 8) / 2**8)
    assert compare(base, base, 100, 0.95, 1).p == 1.0


def test_permutation_p_is_uniform_when_there_is_nothing_to_find() -> None:
    generator = np.random.default_rng(11)
    ps = []
    for seed in range(200):
        base, tuned = (scored(SCORE, generator.random(30).tolist()) for _ in range(2))
        ps.append(compare(base, tuned, 200, 0.95, seed).p)
    assert kstest(ps, "uniform").pvalue > 0.01
    assert sum(p <= 0.05 for p in ps) <= 20


def test_permutation_p_is_small_for_a_real_effect_and_never_zero() -> None:
    generator = np.random.default_rng(12)
    before = generator.random(80)
    base, tuned = scored(SCORE, before.tolist()), scored(SCORE, (before + 0.2 + 0.1 * generator.random(80)).tolist())
    found = compare(base, tuned, 999, 0.95, 1)
    assert found.p == pytest.approx(1 / 1000)
    assert 0.2 < found.low < found.difference < found.high < 0.3, "tuned minus base"
    back = compare(tuned, base, 999, 0.95, 1)
    assert (back.difference, back.low, back.high) == pytest.approx((-found.difference, -found.high, -found.low))


def test_items_are_paired_in_the_difference() -> None:
    spread = np.linspace(0, 1, 50)
    found = compare(scored(SCORE, spread.tolist()), scored(SCORE, (spread + 0.01).tolist()), 500, 0.95, 1)
    assert (found.low, found.high) == pytest.approx((0.01, 0.01)), "what items share cancels"


def test_perplexities_are_compared_too() -> None:
    base = perplexity([Prediction("x", "", -3.0 - i % 3, 2, "") for i in range(40)])
    tuned = perplexity([Prediction("x", "", -1.0 - i % 3, 2, "") for i in range(40)])
    found = compare(base, tuned, 500, 0.95, 1)
    assert found.difference == pytest.approx(tuned.value - base.value)
    assert found.high < 0
    assert found.p == pytest.approx(1 / 501)


def test_verdicts_follow_the_thresholds() -> None:
    measured = {"bleu": {"value": 30.0}, "perplexity": {"value": 4.0}, "compliance": {"value": float("nan")}}
    goals = [
        Goal(metric="bleu", at_least=30.0, why="w"),
        Goal(metric="bleu", at_least=30.1, why="w"),
        Goal(metric="perplexity", at_most=4.0, why="w"),
        Goal(metric="perplexity", at_most=3.9, why="w"),
        Goal(metric="compliance", at_least=0.0, why="w"),
        Goal(metric="compliance", at_most=1.0, why="w"),
        Goal(metric="exact_match", at_least=0.0, why="w"),
    ]
    made = verdicts(goals, {"models": {"tuned": measured}})
    assert [verdict.met for verdict in made] == [True, False, True, False, False, False, False]
    assert str(made[1]) == "bleu 30.000, goal >= 30.1: missed"
    assert str(made[2]) == "perplexity 4.000, goal <= 4: met"
    assert str(made[6]) == "exact_match not measured, goal >= 0: missed"


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


def test_a_metric_of_one_item_still_has_an_interval() -> None:
    one = Measured("score", "mean", np.array([[0.5, 1.0]]), lambda sums: sums[..., 0] / sums[..., 1])
    assert interval(one, 100, 0.95, 1).as_dict() == {"value": 0.5, "low": 0.5, "high": 0.5}
