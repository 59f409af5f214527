"""Both answers of a pair as token ids, and the file of what a reference model made of them."""

from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.batching.pairs import References, tokenize_pairs, write_references
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import DataError
from r1tailor.model import load
from tests.support.taught import example


@pytest.fixture(scope="module")
def tokenizer() -> ChatTokenizer:
    """That of a toy whose prompts open a block of reasoning."""
    return load.load_tokenizer(config.load(["model=tiny_llama"]).model, config.ROOT, {}, "keep")


def test_both_answers_are_tokenised_after_their_prompt_and_the_longer_decides(tokenizer: ChatTokenizer) -> None:
    given = [example("a", rejected="green " * 40), example("b", rejected="<think>so</think>blue"), example("c")]
    long, short, none = tokenize_pairs(given, tokenizer, 4000).examples
    assert none.rejected is None
    assert short.rejected == tokenizer.encode(example("b", reasoning="so", output="blue"))
    assert tokenize_pairs(given, tokenizer, len(long) - 1).too_long == ["a"]


def test_a_file_about_other_tokens_is_refused(tokenizer: ChatTokenizer, tmp_path: Path) -> None:
    (one,) = tokenize_pairs([example("a", rejected="green")], tokenizer, 4000).examples
    (other,) = tokenize_pairs([example("a", rejected="blue")], tokenizer, 4000).examples
    write_references(tmp_path / "r.json", {}, [(one, -1.0, -3.0)])
    assert References(tmp_path / "r.json").of([one, one]).tolist() == [2.0, 2.0]
    with pytest.raises(DataError, match="was not asked about the pair of example a"):
        References(tmp_path / "r.json").of([other])
    (tmp_path / "r.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="Run teach again"):
        References(tmp_path / "r.json")
