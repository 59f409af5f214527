"""A GGUF file answers, scores and ranks as the model that it was made of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.compression.gguf_writer import write_gguf
from r1tailor.errors import DataError
from r1tailor.inference import Sampling
from r1tailor.inference.gguf import GgufEngine
from r1tailor.inference.gguf_answerer import PARALLEL, GgufAnswerer
from r1tailor.inference.local import LocalAnswerer, open_base
from tests.support.toy_run import toy_settings

PROMPTS = ["thing 1", "患者男，45岁", "thing 3 of kind 4"]
LABELS = [["red", "rose", "green"], ["高血压", "高血糖"], []]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalAnswerer, GgufAnswerer]]:
    folder = tmp_path_factory.mktemp("both")
    settings = toy_settings(folder, "model.context_length=512")
    local = open_base(settings, config.ROOT, "fp32")
    model = local.model
    write_gguf(folder / "m.gguf", model.config, model.state_dict(), local.tokenizer, 512, "toy", "f32")  # type: ignore[arg-type]
    engine = GgufEngine(folder / "m.gguf", context_length=512, parallel=PARALLEL, threads=1, exact=True)
    yield local, GgufAnswerer(engine, local.tokenizer, settings)
    engine.close()


def test_answers_are_the_same(both: tuple[LocalAnswerer, GgufAnswerer]) -> None:
    done: list[int] = []
    local, other = (each.answer(PROMPTS, Sampling(max_answer_tokens=8), done.append) for each in both)
    assert local == other
    assert sum(done) == 2 * len(PROMPTS)


def test_likelihoods_are_the_same_also_of_parts_of_characters(both: tuple[LocalAnswerer, GgufAnswerer]) -> None:
    local, other = (each.score(PROMPTS, ["red", "高血压", "green <think>"]) for each in both)
    for mine, theirs in zip(local, other, strict=True):
        assert mine.tokens == theirs.tokens
        assert theirs.log_likelihood == pytest.approx(mine.log_likelihood, abs=1e-3 * mine.tokens)


def test_rankings_are_the_same(both: tuple[LocalAnswerer, GgufAnswerer]) -> None:
    local, other = (each.rank(PROMPTS, LABELS) for each in both)
    assert [len(scores) for scores in other] == [3, 2, 0]
    for mine, theirs in zip(local, other, strict=True):
        assert theirs == pytest.approx(mine, abs=1e-2)


def test_draws_follow_the_seed(both: tuple[LocalAnswerer, GgufAnswerer]) -> None:
    _, other = both
    how = [Sampling(max_answer_tokens=12, temperature=1.5, seed=seed) for seed in (1, 1, 2)]
    drawn = [other.answer(PROMPTS[:1], sampling) for sampling in how]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_prompt_longer_than_the_model_reads_is_refused(both: tuple[LocalAnswerer, GgufAnswerer]) -> None:
    for each in both:
        with pytest.raises(DataError, match=r"1 prompts are longer than model tiny_llama reads \(512 tokens\): p"):
            each.answer(["a", "b" * 600])


def test_prompts_that_do_not_fit_together_are_answered_one_after_the_other(
    both: tuple[LocalAnswerer, GgufAnswerer], tmp_path: Path
) -> None:
    local, other = both
    long = ["x" * 300, "y" * 300, "z" * 300]
    assert other.answer(long, Sampling(max_answer_tokens=4)) == local.answer(long, Sampling(max_answer_tokens=4))
