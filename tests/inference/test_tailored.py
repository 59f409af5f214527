"""The public face: what ``load(...)`` answers is what evaluation wrote down for the same item."""

import subprocess
import sys

import pytest

import r1tailor
from r1tailor import artifact, config, inference
from r1tailor.errors import UserError
from r1tailor.inference import Sampling
from r1tailor.inference.locate import locate
from r1tailor.inference.tailored import Tailored, probabilities
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Example, Prediction
from tests.support.toy_run import LABELS


@pytest.fixture(scope="module")
def model(toy: RunFolder) -> Tailored:
    return r1tailor.load(toy.path)


@pytest.fixture(scope="module")
def asked(toy: RunFolder) -> list[tuple[Example, Prediction]]:
    items = {item.id: item for item in read_examples(toy.examples / "test.jsonl")}
    return [(items[one.id], one) for one in read_predictions(toy.evaluation / "predictions-tuned.jsonl")]


def test_an_answer_is_the_prediction_of_the_evaluation(
    model: Tailored, asked: list[tuple[Example, Prediction]]
) -> None:
    assert len(asked) == 4
    assert model.answer([item.input for item, _ in asked]) == [_text(one) for _, one in asked]
    (item, one), *_ = asked
    assert model.answer(item.input) == model.answer(item) == _text(one)
    assert model.answer(item.input, instruction="Name it.") != _text(one)


def test_scores_and_rankings_are_those_of_the_evaluation(
    model: Tailored, asked: list[tuple[Example, Prediction]]
) -> None:
    for item, one in asked:
        assert model.score(item.input, item.output) == pytest.approx(one.log_likelihood, rel=1e-6)
        ranked = model.rank(item.input)
        assert ranked == pytest.approx(probabilities(LABELS, one.label_scores))
        assert next(iter(ranked)) == one.ranked
        assert sum(ranked.values()) == pytest.approx(1.0)
    inputs = [item.input for item, _ in asked]
    assert model.rank(inputs, ["red", "blue"])[0].keys() == {"red", "blue"}
    assert model.score(inputs, ["red"] * 4)[0] == pytest.approx(model.score(inputs[0], "red"), rel=1e-6)


def test_sampling_is_a_choice_of_the_caller(model: Tailored, asked: list[tuple[Example, Prediction]]) -> None:
    (item, one), *_ = asked
    drawn = Sampling(temperature=5.0, seed=1)
    assert model.answer(item.input, sampling=drawn) == model.answer(item.input, sampling=drawn) != _text(one)


def test_the_base_is_an_answerer_too(toy: RunFolder, asked: list[tuple[Example, Prediction]]) -> None:
    settings = locate(toy.path, config.ROOT).settings
    answers = inference.open("base", settings).answer([item for item, _ in asked])
    assert [answer.tagged for answer in answers] == [
        one.generated for one in read_predictions(toy.evaluation / "predictions-base.jsonl")
    ]
    with pytest.raises(UserError, match="base: of which composition"):
        inference.open("base")


def test_a_domain_without_labels_says_that_they_are_needed(toy: RunFolder) -> None:
    found = locate(toy.path, config.ROOT)
    task = found.settings.domain.task.model_copy(update={"labels": None})
    domain = found.settings.domain.model_copy(update={"task": task})
    found.__dict__["settings"] = found.settings.model_copy(update={"domain": domain})
    assert found.labels() == LABELS, "those of the data card"
    (toy.examples / "report.json").rename(toy.examples / "hidden.json")
    try:
        bare = Tailored(found, inference.open(toy.path))
        with pytest.raises(UserError, match="domain colours has no closed set of labels; give labels"):
            bare.rank("thing")
    finally:
        (toy.examples / "hidden.json").rename(toy.examples / "report.json")


def test_the_manifest_of_a_run_names_its_base_and_its_run(toy: RunFolder) -> None:
    saved = artifact.read(toy.phase("1-all") / "model")
    assert (saved.kind, saved.base.where["kind"], saved.run["phase"]) == ("adapter", "random", "1-all")


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, r1tailor; r1tailor.load; sys.exit('torch' in sys.modules or 'hydra' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _text(one: Prediction) -> str:
    """Return what the model wrote: its prompt opened the block."""
    return one.generated.removeprefix("<think>\n")
