"""Several answers to an item: means, the answer that most give, and intervals over items."""

from pathlib import Path

import numpy as np
import pytest

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.errors import ConfigError
from r1tailor.evaluation.compare_models import _scored, base_and_tuned, summarise
from r1tailor.evaluation.metrics import Mean, Proportion, measure
from r1tailor.evaluation.resampling import expanded
from r1tailor.evaluation.samples import flat, voted_for
from r1tailor.record_files import read_predictions, write_records
from r1tailor.records import Example, Prediction, Sample

LABELS = ("red", "green", "blue")
TASK = ("domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]")
DRAWN = (*TASK, "evaluation=r1", "evaluation.samples=3", "evaluation.resamples=200")


def item(name: str, output: str) -> Example:
    return Example(name, "Which colour?", name, output, fields={"entities": []})


def drawn(name: str, *answers: str) -> Prediction:
    first, *others = (f"<think>\nhm\n</think>\n\n{answer}" if answer else "<think>\ncut red" for answer in answers)
    return Prediction(name, first, -1.0, 1, "", samples=tuple(Sample(one, 4) for one in others), reasoning_tokens=4)


def test_scores_are_means_and_an_item_is_one_row() -> None:
    domain = open_domain(config.load([*DRAWN]).domain, [])
    items = [item("a", "red"), item("b", "green")]
    made = [drawn("a", "red", "It is red.", "blue"), drawn("b", "red", "green", "")]
    found = measure(domain, items, made, "en")
    accuracy, majority = found["label_accuracy"], found["label_accuracy_maj@3"]
    assert isinstance(accuracy, Mean)
    assert not isinstance(accuracy, Proportion), "means of an item are no successes"
    np.testing.assert_array_equal(accuracy.rows(), [[2, 3], [1, 3]])
    assert accuracy.value == 0.5
    assert isinstance(majority, Proportion)
    assert majority.value == 0.5, "a: two of three say red; b: one vote each, and the earliest counts"
    assert "label_accuracy_ranked_maj@3" not in found
    assert len(found["bleu"].rows()) == 2
    kept = [one.scores for one in _scored(domain, items, made)]
    assert [scores["label_accuracy"] for scores in kept] == pytest.approx([2 / 3, 1 / 3])
    assert [scores["label_accuracy_maj@3"] for scores in kept] == [1.0, 0.0], "so that versions are compared by it"


def test_intervals_cluster_by_item() -> None:
    """Three equal answers to each item say no more than one: the interval must not shrink."""
    domain = open_domain(config.load([*DRAWN]).domain, [])
    items = [item(str(n), "red") for n in range(40)]
    answers = ["red" if n % 2 else "blue" for n in range(40)]
    thrice = measure(domain, items, [drawn(str(n), *[a] * 3) for n, a in enumerate(answers)], "en")["label_accuracy"]
    scores = Mean()
    scores.update([float(answer == "red") for answer in answers])
    assert thrice.bounds(500, 0.95, 1) == pytest.approx(scores.bounds(500, expanded(0.95, 40), 1))


def test_an_answer_that_was_cut_has_no_vote() -> None:
    domain = open_domain(config.load([*DRAWN]).domain, [])
    example = item("a", "green")
    assert voted_for(domain, example, drawn("a", "", "", "green")).generated.endswith("green")
    assert domain.scores(example, voted_for(domain, example, drawn("a", "", "", "")))["label_accuracy"] == 0.0
    free = open_domain(config.load(["domain=generic", "domain.sources.0.path=x.jsonl"]).domain, [])
    number = Example("n", "", "2 + 2", "4", fields={"entities": []})
    assert [free.vote(number, text) for text in ("It is 4", "so: 4.0", "four")] == ["4", "4", "four"]
    assert free.vote(item("t", "A man"), "A  MAN") == "a man"


def test_summaries_compare_samples_in_pairs_and_files_keep_them(tmp_path: Path) -> None:
    settings = config.load([*DRAWN])
    domain = open_domain(settings.domain, [])
    items = [item(str(n), "red") for n in range(6)]
    base, tuned = ([drawn(e.id, *words) for e in items] for words in (("blue", "red", "blue"), ("red", "red", "blue")))
    made = summarise(settings, domain, items, items, base_and_tuned(Path("m")), {"base": base, "tuned": tuned})
    assert made["comparisons"]["label_accuracy"]["difference"] == pytest.approx(1 / 3)
    assert made["comparisons"]["label_accuracy_maj@3"]["difference"] == 1.0
    assert made["models"]["tuned"]["think_rate"]["value"] == 1.0
    write_records(tmp_path / "p.jsonl", base)
    assert read_predictions(tmp_path / "p.jsonl") == base
    assert flat(items, base)[2] == 3


def test_goals_may_name_the_majority_where_there_is_one() -> None:
    goal = "domain.goals=[{metric: label_accuracy_maj@3, at_least: 0.5, why: voted}]"
    assert config.load([*DRAWN, goal]).domain.goals[0].metric == "label_accuracy_maj@3"
    with pytest.raises(ConfigError, match="label_accuracy_maj@3"):
        config.load([*TASK, goal])


def test_r1s_settings_are_one_option_and_greedy_draws_once() -> None:
    wanted = config.load(["evaluation=r1"]).evaluation
    assert (wanted.temperature, wanted.top_p, wanted.samples) == (0.6, 0.95, 4)
    assert config.load([]).evaluation.temperature == 0
    with pytest.raises(ConfigError, match="samples = 2 at temperature = 0 would be the same answer each time"):
        config.load(["evaluation.samples=2"])
