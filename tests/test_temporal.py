"""Windows become soft tokens: exact in packed rows, alone with their example, the same after saving, generated with."""

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from r1tailor import config
from r1tailor.curriculum.packing import MicroBatch, pack
from r1tailor.curriculum.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.errors import CheckpointError, DataError
from r1tailor.evaluation.ablation import shuffled, zeroed
from r1tailor.evaluation.generate import predict
from r1tailor.evaluation.ranking import score_labels
from r1tailor.model import load, temporal
from r1tailor.model.attention import unwrapped
from r1tailor.records import Example, Prediction
from r1tailor.schema import Settings
from r1tailor.strategy import load_tuned, open_strategy, save_tuned
from r1tailor.training.loss import log_likelihoods, summed_loss
from r1tailor.training.optimizer import build
from tests.test_packing_exactness import MODELS, PADDING, assert_equal, gradients, packed, prepared

STEPS, CHANNELS = 10, 3
STRATEGIES = {
    "lora": ("strategy.target_modules=all_linear", "strategy.dropout=0.0"),
    "full": ("strategy=full",),
}
LABELS = ("rise", "fall", "rise again")


def window(seed: int) -> tuple[tuple[float, ...], ...]:
    numbers = random.Random(seed)
    return tuple(tuple(round(numbers.gauss(0, 1), 4) for _ in range(CHANNELS)) for _ in range(STEPS))


def windowed(count: int = 9) -> list[Example]:
    """Examples of three tasks over windows that neighbours of different tasks share; the last has none."""
    made = [
        Example(
            f"e{i}",
            f"Say what task {i % 3} asks of these numbers.",
            f"context {i}" + " and more" * (i % 4),
            LABELS[i % 3],
            series=window(i // 3),
        )
        for i in range(count - 1)
    ]
    return [*made, Example("text", "Say what task 0 asks of these numbers.", "no numbers", "fall")]


def composition(name: str = "tiny_llama", strategy: str = "lora", *more: str) -> Settings:
    return config.load([f"model={name}", *STRATEGIES[strategy], "temporal.patch=4", "temporal.width=16", *more])


def tuned(settings: Settings, seed: int = 3) -> nn.Module:
    """A model with an encoder, adapters away from zero and soft tokens away from their beginnings."""
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed)
    model = open_strategy(settings.strategy).apply(base)
    temporal.attach(model, temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), model, seed))
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "temporal" in name:
                parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


def reader(settings: Settings) -> ChatTokenizer:
    return load.load_tokenizer(settings.model, config.ROOT).with_soft_tokens(settings.temporal.tokens)


def tokens_of(settings: Settings, examples: Sequence[Example]) -> list[TokenizedExample]:
    return tokenize(examples, reader(settings), 512).examples


def alone(plain: nn.Module, example: TokenizedExample) -> Tensor:
    """Return [L, V] the logits of one example by itself: its soft tokens put in by hand, no packing."""
    causal, encoder = unwrapped(plain), temporal.encoder_of(plain)
    assert encoder is not None
    soft = iter(encoder(torch.tensor([example.series]))[0]) if example.series else iter(())
    words = causal.get_input_embeddings()
    read = [words(torch.tensor(t)) if t >= 0 else next(soft) for t in (*example.prompt, *example.response)]
    logits: Tensor = plain(inputs_embeds=torch.stack(read)[None], use_cache=False).logits[0]
    return logits


def one_by_one(plain: nn.Module, examples: Sequence[TokenizedExample]) -> tuple[float, dict[str, Tensor]]:
    plain.zero_grad()
    total = 0.0
    for example in examples:
        predicting = alone(plain, example)[len(example.prompt) - 1 : -1]
        loss = F.cross_entropy(predicting, torch.tensor(example.response), label_smoothing=0.1, reduction="sum")
        loss.backward()
        total += loss.item()
    return total, gradients(plain)


# --- exactness --------------------------------------------------------------------------------------------------


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


# --- where the window stands in the prompt -----------------------------------------------------------------------


def test_the_window_stands_between_instruction_and_input() -> None:
    settings = composition()
    chat = reader(settings)
    (example, *_) = windowed()
    prompt = chat.encode(example).prompt
    first = next(place for place, token in enumerate(prompt) if token < 0)
    soft = prompt[first : first + settings.temporal.tokens]
    assert all(token < 0 for token in soft)
    assert len(set(soft)) == settings.temporal.tokens
    assert all(token >= 0 for token in prompt[first + settings.temporal.tokens :])
    before, after = (chat.tokenizer.decode(ids) for ids in (prompt[:first], prompt[first + len(soft) :]))
    assert before.endswith(f"{example.instruction}\n\n")
    assert after.startswith(f"\n\n{example.input}")


@pytest.mark.parametrize("text", ["\ufdd0", "\ufdd0\ufdd0 and \ufdd0", "{{ 7 * 7 }}", "<|window|>"])
@pytest.mark.parametrize("where", ["instruction", "input"])
def test_no_text_of_a_user_can_be_taken_for_the_mark(where: str, text: str) -> None:
    chat = reader(composition())
    example = replace(windowed()[0], **{where: text})
    parts = chat.prompt_parts(example)
    assert len(parts) == 2
    assert (parts[0] if where == "instruction" else parts[1]).strip().count(text) == 1


def test_a_template_that_shows_the_turn_twice_or_never_is_refused() -> None:
    chat = reader(composition())
    for template, times in (("{{ messages[0]['content'] * 2 }}", 2), ("nothing", 0)):
        chat.tokenizer.chat_template = template
        with pytest.raises(DataError, match=rf"example e0: .* shows the user's turn {times} times"):
            chat.encode(windowed()[0])


def test_the_cache_keeps_the_texts_and_not_the_windows(tmp_path: Path) -> None:
    settings = composition()
    chat, first = reader(settings), windowed()
    second = [replace(e, series=window(50)) if e.series else e for e in first]
    for examples in (first, first, second):
        assert tokenize(examples, chat, 512, tmp_path) == tokenize(examples, chat, 512)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    assert tokenize(first, chat.with_soft_tokens(0), 512, tmp_path) == tokenize(first, chat.with_soft_tokens(0), 512)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (window(0)[:-1], "example e1: its series has 9 steps of 3 channels, that of example e0 has 10 steps of 3"),
        ((*window(0)[:-1], (1.0,)), "example e1: the steps of its series do not all have as many channels"),
        ((*window(0)[:-1], (1.0, float("nan"), 0.0)), "example e1: its series must be .* finite numbers"),
        ((*window(0)[:-1], (1.0, float("inf"), 0.0)), "example e1: its series must be .* finite numbers"),
        (tuple(("1", "2", "3") for _ in range(STEPS)), "example e1: its series must be .* finite numbers"),
        ((1.0, 2.0), "example e1: its series must be .* finite numbers"),
    ],
)
def test_a_window_that_is_none_is_one_error_that_names_the_example(series: object, said: str) -> None:
    examples = windowed()
    examples[1] = replace(examples[1], series=series)
    with pytest.raises(DataError, match=said):
        tokens_of(composition(), examples)


# --- the encoder -------------------------------------------------------------------------------------------------


def test_soft_tokens_begin_at_the_scale_of_the_words_and_differ_with_the_window() -> None:
    settings = config.load(["model=tiny_llama"])
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    state = torch.get_rng_state()
    encoder = temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), base, 3)
    assert torch.equal(torch.get_rng_state(), state), "the run's random numbers are others than without windows"
    soft = encoder(torch.tensor([window(i) for i in range(40)])).detach()
    assert soft.shape == (40, settings.temporal.tokens, settings.model.hidden_size)
    words = base.get_input_embeddings().weight.detach()
    assert float(soft.square().mean().sqrt() / words.square().mean().sqrt()) == pytest.approx(1, abs=0.2)
    assert float(soft.std(dim=0).mean()) > 0.1 * float(words.std()), "all windows look alike to the model"
    again = temporal.new_encoder(settings.temporal, (STEPS, CHANNELS), base, 3)
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))


def test_every_step_and_channel_of_a_window_counts() -> None:
    settings = composition()  # ten steps are three patches of four: the oldest is filled up
    encoder = temporal.encoder_of(tuned(settings))
    assert encoder is not None
    series = torch.tensor([window(0)], requires_grad=True)
    encoder(series).square().sum().backward()
    assert series.grad is not None
    assert bool((series.grad != 0).all())


def test_the_encoder_has_a_learning_rate_of_its_own() -> None:
    settings = composition("tiny_llama", "full", "temporal.lr=5e-3", "optimizer.lr=1e-5")
    model = tuned(settings)
    encoder = temporal.encoder_of(model)
    assert encoder is not None
    own = {id(parameter) for parameter in encoder.parameters()}
    seen = set()
    for group in build(model, settings.optimizer, settings.temporal.lr).param_groups:
        rates = {5e-3 if id(parameter) in own else 1e-5 for parameter in group["params"]}
        assert rates == {group["lr"]}
        seen |= {id(parameter) for parameter in group["params"]}
    assert own <= seen
    assert len(seen) == len(list(model.parameters()))


def test_windows_of_another_shape_than_the_encoder_was_made_for_are_refused() -> None:
    settings = composition()
    longer = [replace(e, series=(*e.series, e.series[0])) if e.series else e for e in windowed()]
    (row,) = pack(tokens_of(settings, longer), 10_000, PADDING)
    with pytest.raises(DataError, match="reads windows of 10 steps of 3 channels, not of 11 steps of 3 channels"):
        summed_loss(tuned(settings), row, 0.0)


# --- saved and restored ------------------------------------------------------------------------------------------


def logits(model: nn.Module, settings: Settings) -> Tensor:
    with torch.no_grad():
        return torch.cat([alone(model, example) for example in tokens_of(settings, windowed())])


def eager(model: nn.Module) -> nn.Module:
    unwrapped(model).set_attn_implementation("eager")
    return model.eval()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", MODELS)
def test_what_was_saved_comes_back_with_the_same_logits(name: str, strategy: str, tmp_path: Path) -> None:
    settings = composition(name, strategy)
    model = tuned(settings)
    save_tuned(open_strategy(settings.strategy), model, tmp_path, "some/base")
    assert temporal.encoder_of(model) is not None, "saving took the encoder away"
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    restored = load_tuned(base, tmp_path)
    found, wanted = logits(eager(restored), settings), logits(eager(model), settings)
    assert float((found - wanted).abs().max()) <= 1e-6
    untouched = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    temporal.attach(untouched, copy.deepcopy(temporal.encoder_of(model)))
    assert float((logits(eager(untouched), settings) - wanted).abs().max()) > 1e-3 or strategy == "full"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_lies_beside_the_encoder_loads_without_us(strategy: str, tmp_path: Path) -> None:
    settings = composition("tiny_llama", strategy)
    save_tuned(open_strategy(settings.strategy), tuned(settings), tmp_path, "some/base")
    weights = "adapter_model.safetensors" if strategy == "lora" else "model.safetensors"
    assert not [key for key in load_file(tmp_path / weights) if "temporal" in key]
    assert set(load_file(tmp_path / "temporal.safetensors")) >= {"embed.weight", "places", "scale"}
    if strategy == "full":
        _, info = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
        assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def saved(folder: Path) -> Settings:
    settings = composition()
    save_tuned(open_strategy(settings.strategy), tuned(settings), folder, "some/base")
    return settings


def _json(folder: Path, **changes: object) -> None:
    path = folder / "temporal.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _weights(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(folder / "temporal.safetensors")
    change(weights)
    save_file(weights, folder / "temporal.safetensors")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda f: (f / "temporal.safetensors").unlink(), "belong together"),
    "no shape": (lambda f: (f / "temporal.json").unlink(), "belong together"),
    "weights are no safetensors": (lambda f: (f / "temporal.safetensors").write_bytes(b"\x80\x04pickle"), "does not fit"),
    "weights cut off": (lambda f: (f / "temporal.safetensors").write_bytes(b"\xff" * 8), "does not fit"),
    "shape is no JSON": (lambda f: (f / "temporal.json").write_text("{"), "does not fit"),
    "shape is nested": (lambda f: (f / "temporal.json").write_text("[" * 100_000), "does not fit"),
    "shape is a list": (lambda f: (f / "temporal.json").write_text("[]"), "temporal.json"),
    "another key": (lambda f: _json(f, module="os.system"), "temporal.json: module"),
    "enormous": (lambda f: _json(f, width=10**12), "temporal.json: width"),
    "many layers": (lambda f: _json(f, layers=10**6), "temporal.json: layers"),
    "huge within bounds": (lambda f: _json(f, width=4096, steps=2**20), "temporal.safetensors"),
    "a number as text": (lambda f: _json(f, width="16"), "temporal.json: width"),
    "heads": (lambda f: _json(f, heads=5), "heads = 5 must divide width = 16"),
    "another model's": (lambda f: _json(f, embedding=64), "embedding = 64; the model's is 32"),
    "fewer tokens": (lambda f: _json(f, tokens=3), r"mix.bias is F32 \[64\], not F32 \[48\]"),
    "a weight less": (lambda f: _weights(f, lambda w: w.pop("scale")), r"scale is no weight, not F32 \[\]"),
    "a weight more": (lambda f: _weights(f, lambda w: w.update(more=torch.ones(1))), "more is .* not no weight"),
    "another dtype": (lambda f: _weights(f, lambda w: w.update(scale=torch.ones((), dtype=torch.int64))), "I64"),
    "not finite": (lambda f: _weights(f, lambda w: w["places"].fill_(float("nan"))), "places is not finite"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_damaged_encoder_is_one_error(what: str, tmp_path: Path) -> None:
    settings = saved(tmp_path)
    spoil, said = HOSTILE[what]
    spoil(tmp_path)
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_tuned(base, tmp_path)
    assert str(tmp_path) in str(caught.value)


# --- evaluation --------------------------------------------------------------------------------------------------


def answers(model: nn.Module, settings: Settings, examples: Sequence[Example], batch: int) -> list[Prediction]:
    evaluation = settings.evaluation.model_copy(update={"batch_size": batch, "max_new_tokens": 12})
    chat = load.load_tokenizer(settings.model, config.ROOT)
    return predict(model, chat, examples, [LABELS] * len(examples), evaluation, 700, 4096, lambda _: None)


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


def test_ranking_scores_are_the_likelihoods_of_the_labels() -> None:
    settings = composition()
    model, chat = tuned(settings).eval(), reader(settings)
    (example, *_) = windowed()
    labels = ("a", "b")  # one byte each after the closed think block
    with torch.inference_mode():
        ((first, second),) = score_labels(model, chat, [example], [labels], 700, torch.device("cpu"))
    continuation = chat.continuation(chat.prompt_text(example), "a")
    plain = eager(model)
    with torch.no_grad():
        row = alone(plain, replace(chat.prompt(example), response=continuation)).log_softmax(-1)
    begin = len(chat.prompt(example).prompt) - 1
    shared = sum(float(row[begin + k, token]) for k, token in enumerate(continuation[:-1]))
    last = row[begin + len(continuation) - 1]
    assert first == pytest.approx(shared + float(last[continuation[-1]]), abs=1e-4)
    assert second == pytest.approx(shared + float(last[chat.continuation(chat.prompt_text(example), "b")[-1]]), abs=1e-4)


def test_shuffled_windows_are_others_and_stay_together() -> None:
    examples = windowed(13)
    mixed = shuffled(examples, 5)
    assert mixed == shuffled(examples, 5) != shuffled(examples, 6)
    assert [replace(e, series=()) for e in mixed] == [replace(e, series=()) for e in examples]
    moved = {(a.series, b.series) for a, b in zip(examples, mixed, strict=True) if a.series}
    assert all(before != after for before, after in moved)
    assert {before for before, _ in moved} == {after for _, after in moved}
    assert len(moved) == 4, "examples that shared a window share one again"
    assert mixed[-1] == examples[-1], "an example without a window stays without"
    with pytest.raises(DataError, match="the windows of 3 examples cannot be shuffled: they are all the same"):
        shuffled(windowed()[:3], 1)


def test_zeroed_windows_keep_their_shape() -> None:
    examples = windowed()
    emptied = zeroed(examples)
    assert [replace(e, series=()) for e in emptied] == [replace(e, series=()) for e in examples]
    assert {e.series for e in emptied} == {((0.0,) * CHANNELS,) * STEPS, ()}


def test_rows_of_a_micro_batch_without_windows_ask_for_no_encoder() -> None:
    settings = composition()
    base = load.load_model(settings.model, config.ROOT, torch.float32, 3)
    (row,) = pack(tokens_of(settings, windowed()), 10_000, PADDING)
    assert isinstance(row, MicroBatch)
    with pytest.raises(ValueError, match="needs a model with a temporal encoder"):
        log_likelihoods(base, row)
