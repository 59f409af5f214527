"""Traps 9, 10, 11 and 15: the template, what is supervised, rows with nothing to learn, late errors."""

import copy
from typing import Any

import pytest
import yaml

from r1tailor import config
from r1tailor.batching import tokens as tokens_of
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, Tokenized, TokenizedExample
from r1tailor.errors import DataError
from r1tailor.instruction.template import messages
from r1tailor.model import load
from r1tailor.records import Example
from tests.batching.test_tokens import BARE, REASONED, chatml, deepseek
from tests.test_house import SECTIONS, _key_paths
from tests.traps.shown import shown

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")


# --- 9: the template ---------------------------------------------------------------------------------------------


def check_template() -> None:
    """What is supervised holds the reasoning, and what comes before it is what generation is asked with."""
    for tokenizer in (deepseek(), chatml()):
        for example in (REASONED, BARE):
            encoded = tokenizer.encode(example)
            asked = tokenizer.tokenizer.apply_chat_template(
                messages(example), add_generation_prompt=True, return_dict=False
            )
            assert list(encoded.prompt) == list(asked), "another prompt than in generation"
            supervised = tokenizer.tokenizer.decode(encoded.response)
            assert example.reasoning in supervised, "the reasoning is not supervised"
            assert example.output in supervised


def rendered_as_a_finished_turn(patched: pytest.MonkeyPatch) -> None:
    """R1's template keeps what follows </think>; the assistant's words are rendered, not continued."""
    patched.setattr(ChatTokenizer, "_response", lambda _, answer, *__: (answer,))


def without_the_generation_prompt(patched: pytest.MonkeyPatch) -> None:
    def prompt_text(self: ChatTokenizer, example: Example) -> str:
        return str(self.tokenizer.apply_chat_template(messages(example), tokenize=False, add_generation_prompt=False))

    patched.setattr(ChatTokenizer, "prompt_text", prompt_text)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (rendered_as_a_finished_turn, "the reasoning is not supervised"),
        (without_the_generation_prompt, "another prompt than in generation"),
    ],
)
def test_trap_9_reasoning_is_supervised_after_the_prompt_of_generation(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_template, fault, said)


# --- 10 and 11: end of turn, beginning, rows without supervision -------------------------------------------------


def many() -> list[Example]:
    return [Example(f"e{i}", "Name it.", "word " * i, f"group {i}", reasoning="so " * (i % 3)) for i in range(20)]


def check_supervision() -> None:
    """One beginning and one supervised end for each example that is kept; the others are counted, or it raises."""
    tokenizer = deepseek()
    done = tokens_of.tokenize(many(), tokenizer, 90)
    assert 0 < len(done.too_long) < 20, "as the trap needs it"
    assert len(done.examples) + len(done.too_long) == 20, "an example is lost silently"
    rows = list(pack(done.examples, 256, 0))
    for example in done.examples:
        ids = [*example.prompt, *example.response]
        assert ids.count(tokenizer.tokenizer.bos_token_id) == 1, "not one beginning"
        assert len(example.response) > 1, "nothing is supervised"
        assert example.response[-1] == tokenizer.end, "the end of the turn is not supervised"
    assert sum(int((row.labels == tokenizer.end).sum()) for row in rows) == len(done.examples)
    assert all(int((row.owners == number).sum()) for row in rows for number in range(len(row.members)))
    with pytest.raises(DataError, match="none of 20 examples fits into 5 tokens"):
        tokens_of.tokenize(many(), tokenizer, 5)


def end_not_supervised(patched: pytest.MonkeyPatch) -> None:
    original = ChatTokenizer.encode_all

    def encode_all(self: ChatTokenizer, rendered: list[tuple[str, str]]) -> list[tuple[tuple[int, ...], ...]]:
        return [(prompt, answer[:-1]) for prompt, answer in original(self, rendered)]

    patched.setattr(ChatTokenizer, "encode_all", encode_all)


def beginning_doubled(patched: pytest.MonkeyPatch) -> None:
    """The template writes the beginning, and the tokenizer adds its own."""
    original = ChatTokenizer.encode_all

    def encode_all(self: ChatTokenizer, rendered: list[tuple[str, str]]) -> list[tuple[tuple[int, ...], ...]]:
        return [((self.tokenizer.bos_token_id, *prompt), answer) for prompt, answer in original(self, rendered)]

    patched.setattr(ChatTokenizer, "encode_all", encode_all)


def cut_to_length(examples: list[Example], tokenizer: ChatTokenizer, length: int) -> Tokenized:
    whole = [tokenizer.encode(example) for example in examples]
    cut = [TokenizedExample(e.id, e.prompt[:length], e.response[: max(0, length - len(e.prompt))]) for e in whole]
    return Tokenized(cut, [e.id for e in whole if len(e.prompt) + len(e.response) > length][:1])


def dropped_silently(examples: list[Example], tokenizer: ChatTokenizer, length: int) -> Tokenized:
    whole = [tokenizer.encode(example) for example in examples]
    return Tokenized([e for e in whole if len(e) <= length], ["one"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [(end_not_supervised, "the end of the turn is not supervised"), (beginning_doubled, "not one beginning")],
)
def test_trap_10_the_end_is_supervised_and_the_beginning_stands_once(fault: Any, said: str) -> None:  # noqa: ANN401
    shown(check_supervision, fault, said)


@pytest.mark.parametrize("fault", [cut_to_length, dropped_silently])
def test_trap_11_an_example_that_does_not_fit_is_counted_and_never_cut(fault: Any) -> None:  # noqa: ANN401
    shown(
        check_supervision, lambda patched: patched.setattr(tokens_of, "tokenize", fault), "an example is lost|not one"
    )


# --- 15: settings ------------------------------------------------------------------------------------------------


def check_misspelt_keys() -> None:
    """One more key beside each, one letter off: refused by name, before anything is loaded."""
    composition: dict[str, Any] = yaml.safe_load(config.as_yaml(config.load([])))
    # A third party's names are checked against its class (optimization/optimizer.py, training/loggers.py).
    open_sets = (("optimizer", "arguments"), ("logger", "arguments"))
    paths = [path for path in _key_paths(composition) if path[:2] not in open_sets or path in open_sets]
    assert len(paths) > 80
    for path in paths:
        changed = copy.deepcopy(composition)
        holder: Any = changed
        for part in path[:-1]:
            holder = holder[part]
        written = f"{path[-1]}"[:-1] + ("q" if f"{path[-1]}"[-1] != "q" else "z")
        holder[written] = holder[path[-1]]
        key = ".".join([*map(str, path[:-1]), written])
        said = config.explain(changed, {})
        assert any(fault.startswith(f"{key} is not a setting of") for fault in said), f"{key} is taken silently"


def test_trap_15_a_key_that_is_one_letter_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def loading(*_: object) -> None:
        raise RuntimeError("something was loaded")

    monkeypatch.setattr(load, "load_model", loading)
    try:
        shown(check_misspelt_keys, lambda _: _rebuild("ignore"), "is taken silently")
    finally:
        _rebuild("forbid")
    check_misspelt_keys()


def _rebuild(extra: Any) -> None:  # noqa: ANN401
    """Make every section take keys it does not know, or refuse them."""
    for kind in SECTIONS:
        kind.model_config["extra"] = extra
    for _ in range(3):  # a section is built of those within it, up to three deep, whatever their order
        for kind in SECTIONS:
            kind.model_rebuild(force=True)
