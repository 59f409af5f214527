"""Packed rows with windows: exact, each window encoded once, none seen by another example."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample, tokenize
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example
from tests.batching.test_packing import MODELS, PADDING, assert_equal, gradients, packed, prepared
from tests.support.windowed import CHANNELS, STEPS, STRATEGIES, alone, composition, tokens_of, tuned, window, windowed


def one_by_one(plain: nn.Module, examples: Sequence[TokenizedExample]) -> tuple[float, dict[str, Tensor]]:
    plain.zero_grad()
    total = 0.0
    for example in examples:
        predicting = alone(plain, example)[len(example.prompt) - 1 : -1]
        loss = F.cross_entropy(predicting, torch.tensor(example.response), label_smoothing=0.1, reduction="sum")
        loss.backward()
        total += loss.item()
    return total, gradients(plain)


@pytest.mark.parametrize("budget", [10_000, 260])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", MODELS)
def test_packed_rows_with_windows_have_the_loss_and_gradients_of_single_examples(
    name: str, strategy: str, budget: int
) -> None:
    settings = composition(name, strategy)
    ours, plain = prepared(tuned(settings))
    examples = tokens_of(settings, windowed())
    rows = list(pack(examples, budget, PADDING))
    assert (len(rows) == 1) == (budget == 10_000)
    found, wanted = packed(ours, rows, 0.1), one_by_one(plain, examples)
    assert_equal(found, wanted)
    of_the_encoder = [key for key in wanted[1] if ".temporal." in f".{key}"]
    assert of_the_encoder
    assert all(float(found[1][key].norm()) > 0 for key in of_the_encoder), "a part of the encoder does not train"


def test_a_window_is_encoded_once_in_a_row_whatever_tasks_share_it() -> None:
    settings = composition()
    (row,) = pack(tokens_of(settings, windowed()), 10_000, PADDING)
    assert row.windows is not None
    assert row.windows.series.shape == (3, STEPS, CHANNELS)
    assert len(row.windows.positions) == 8 * settings.temporal.tokens
    assert set(map(tuple, row.windows.series.flatten(1).tolist())) == {
        tuple(torch.tensor(window(i)).flatten().tolist()) for i in range(3)
    }


def test_a_beginning_may_run_through_a_window_and_never_joins_two() -> None:
    settings = composition()
    same = [replace(e, instruction="All begin so.", series=window(0)) for e in windowed()[:6]]
    (row,) = pack(tokens_of(settings, same), 10_000, PADDING)
    assert row.windows is not None
    assert len(row.windows.positions) == settings.temporal.tokens, "the window stands in the shared beginning, once"
    other = [replace(e, series=window(i % 2)) for i, e in enumerate(same)]
    (row,) = pack(tokens_of(settings, other), 10_000, PADDING)
    ours, plain = prepared(tuned(settings))
    assert_equal(packed(ours, [row], 0.1), one_by_one(plain, tokens_of(settings, other)))


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2"])
def test_changing_one_window_moves_no_other_example_by_a_bit(name: str) -> None:
    settings = composition(name)
    model = tuned(settings).eval()
    before = windowed()
    before = [replace(e, series=window(i)) if e.series else e for i, e in enumerate(before)]
    after = [*before[:4], replace(before[4], series=window(99)), *before[5:]]

    def values(examples: list[Example]) -> dict[int, float]:
        (row,) = pack(tokens_of(settings, examples), 10_000, PADDING)
        with torch.no_grad():
            return dict(zip(row.members, log_likelihoods(model, row).tolist(), strict=True))

    one, two = values(before), values(after)
    assert {member for member in one if one[member] != two[member]} == {4}


def test_without_windows_a_row_is_what_it_was() -> None:
    settings = composition()
    plain = [replace(e, series=()) for e in windowed()]
    (with_reader,) = pack(tokens_of(settings, plain), 10_000, PADDING)
    without = tokenize(plain, load.load_tokenizer(settings.model, config.ROOT), 512).examples
    assert tokens_of(settings, plain) == without
    assert with_reader.windows is None


def test_a_tokenizer_for_a_model_that_reads_no_windows_leaves_them_out() -> None:
    settings = composition()
    chat = load.load_tokenizer(settings.model, config.ROOT)
    assert tokenize(windowed(), chat, 512) == tokenize([replace(e, series=()) for e in windowed()], chat, 512)


def test_the_micro_batch_moves_with_its_windows() -> None:
    (row,) = pack(tokens_of(composition(), windowed()), 10_000, PADDING)
    moved = row.to(torch.device("meta"))
    assert moved.windows is not None
    assert {part.device.type for part in vars(moved.windows).values()} == {"meta"}
