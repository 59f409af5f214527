"""Packed rows give the loss and the gradients of one example at a time, for every architecture and strategy."""

import copy
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, LlamaConfig

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels.attention import PACKED_ROWS, unwrapped
from r1tailor.kernels.recompute import recompute_layers
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods, summed_loss
from r1tailor.strategy import open_strategy

MODELS = ("tiny_llama", "tiny_qwen2", "tiny_deepseek_v3")
LORA = ("strategy.target_modules=all_linear", "strategy.dropout=0.0")
PADDING = 5


def random_ids(length: int, seed: int) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randint(10, 250, (length,), generator=generator).tolist())


def layout_of(kind: str) -> list[TokenizedExample]:
    lengths = [(9, 4), (14, 11), (3, 1), (21, 17), (10, 6)]
    if kind == "nested":
        lengths = [*lengths, (5, 3), (6, 2), (8, 9)]
    match kind:
        case "nested":  # all share 12 tokens; five of them 20 more; two of those 18 more
            begins = [random_ids(12, 0), (*random_ids(12, 0), 9, *random_ids(20, 50))]
            begins.append((*begins[1], 8, *random_ids(18, 51)))
            levels = [0, 0, 0, 1, 1, 1, 2, 2]
            prompts = [(*begins[levels[i]], i, *random_ids(a, i)) for i, (a, _) in enumerate(lengths)]
        case "long":  # beyond what attention by products takes
            prompts = [
                (*random_ids(140, 0), index, *random_ids(150 + a, index)) for index, (a, _) in enumerate(lengths)
            ]
        case "shared prefix":
            prompts = [(*random_ids(12, 0), index + 1, *random_ids(a, index)) for index, (a, _) in enumerate(lengths)]
        case "no prefix":
            prompts = [(index + 1, *random_ids(a, index)) for index, (a, _) in enumerate(lengths)]
        case "one example":
            prompts, lengths = [random_ids(12, 0)], lengths[:1]
        case _:
            prompts = [random_ids(20, 0)] * len(lengths)
    return [
        TokenizedExample(str(index), prompt, random_ids(b, 100 + index))
        for index, (prompt, (_, b)) in enumerate(zip(prompts, lengths, strict=True))
    ]


LAYOUTS = ("shared prefix", "no prefix", "one example", "identical prompts", "nested", "long")


@cache
def pair(name: str, strategy: str) -> tuple[nn.Module, nn.Module]:
    """Our model, and its copy in plain transformers (and plain peft) with eager attention."""
    options = LORA if strategy == "lora" else ()
    settings = config.load([f"model={name}", f"strategy={strategy}", *options])
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    return prepared(open_strategy(settings.strategy).apply(base))


def prepared(ours: nn.Module) -> tuple[nn.Module, nn.Module]:
    generator = torch.Generator().manual_seed(7)
    for name, parameter in ours.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=generator)
    plain = copy.deepcopy(ours)
    for module in plain.modules():
        if isinstance(module, PeftLinear):
            module.__class__ = PeftLinear
    unwrapped(plain).set_attn_implementation("eager")
    return ours.train(), plain.train()


def packed(model: nn.Module, rows: list[MicroBatch], smoothing: float) -> tuple[float, dict[str, Tensor]]:
    model.zero_grad()
    total = 0.0
    for row in rows:
        loss = summed_loss(model, row, smoothing)
        loss.backward()
        total += loss.item()
    return total, gradients(model)


def one_by_one(model: nn.Module, examples: list[TokenizedExample], smoothing: float) -> tuple[float, dict[str, Tensor]]:
    model.zero_grad()
    total = 0.0
    for example in examples:
        logits = model(input_ids=torch.tensor([[*example.prompt, *example.response]]), use_cache=False).logits[0]
        predicting = logits[len(example.prompt) - 1 : -1]
        labels = torch.tensor(example.response)
        loss = F.cross_entropy(predicting, labels, label_smoothing=smoothing, reduction="sum")
        loss.backward()
        total += loss.item()
    return total, gradients(model)


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def assert_equal(ours: tuple[float, dict[str, Tensor]], plain: tuple[float, dict[str, Tensor]]) -> None:
    assert ours[0] == pytest.approx(plain[0], rel=1e-5)
    assert ours[1].keys() == plain[1].keys()
    assert any(gradient.norm() > 0 for gradient in plain[1].values())
    for name, gradient in plain[1].items():
        assert (ours[1][name] - gradient).norm() <= 1e-5 * gradient.norm(), name


@pytest.mark.parametrize("smoothing", [0.1, 0.0])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("name", MODELS)
def test_packed_rows_have_the_loss_and_gradients_of_single_examples(
    name: str, strategy: str, layout: str, smoothing: float
) -> None:
    ours, plain = pair(name, strategy)
    examples = layout_of(layout)
    rows = list(pack(examples, 600 if layout == "long" else 64, PADDING))
    depths = {len(segment.context) for row in rows for segment in row.segments}
    assert len(rows) > 1 or layout == "one example"
    assert max(depths) == {"no prefix": 0, "one example": 0, "nested": 3}.get(layout, 1)
    assert_equal(packed(ours, rows, smoothing), one_by_one(plain, examples, smoothing))


@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("name", MODELS)
def test_layers_computed_again_give_the_same_bits_with_dropout_too(name: str, strategy: str) -> None:
    options = ["strategy.target_modules=all_linear", "strategy.dropout=0.2"] if strategy == "lora" else []
    settings = config.load([f"model={name}", f"strategy={strategy}", *options])
    ours = open_strategy(settings.strategy).apply(load.load_model(settings.model, config.ROOT, torch.float32, seed=3))
    ours, _ = prepared(ours)
    rows = list(pack(layout_of("nested"), 96, PADDING))
    torch.manual_seed(0)
    kept = packed(ours, rows, 0.1)
    recompute_layers(ours)
    ran = []
    unwrapped(ours).model.layers[0].self_attn.register_forward_pre_hook(lambda *_: ran.append(1))
    torch.manual_seed(0)
    loss, found = packed(ours, rows, 0.1)
    assert loss == kept[0]
    assert found.keys() == kept[1].keys()
    assert all(torch.equal(gradient, kept[1][name]) for name, gradient in found.items())
    assert len(ran) == 2 * len(rows)  # once forward, once again


@pytest.mark.parametrize("smoothing", [0.1, 0.0])
@pytest.mark.parametrize("adapted", [True, False])
def test_tied_embeddings_get_the_gradients_of_single_examples(adapted: bool, smoothing: float) -> None:
    shape = {"vocab_size": 264, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    tied = LlamaConfig(**shape, **heads, tie_word_embeddings=True)
    model = AutoModelForCausalLM.from_config(tied, dtype=torch.float32, attn_implementation=PACKED_ROWS)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    settings = config.load(["model=tiny_llama", *(LORA if adapted else ("strategy=full",))])
    ours, plain = prepared(open_strategy(settings.strategy).apply(model))
    examples = layout_of("shared prefix")
    assert_equal(packed(ours, list(pack(examples, 96, PADDING)), smoothing), one_by_one(plain, examples, smoothing))


@pytest.mark.parametrize("smoothing", [0.1, 0.0])
def test_an_adapter_on_the_language_model_head_gets_the_gradients_of_single_examples(smoothing: float) -> None:
    settings = config.load(["model=tiny_llama", "strategy.target_modules=[q_proj,lm_head]", "strategy.dropout=0.0"])
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    ours, plain = prepared(open_strategy(settings.strategy).apply(base))
    assert any("lm_head.lora_B" in name for name in gradients(ours))
    examples = layout_of("shared prefix")
    assert_equal(packed(ours, list(pack(examples, 96, PADDING)), smoothing), one_by_one(plain, examples, smoothing))


@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("name", MODELS)
def test_under_autocast_packed_rows_differ_from_single_examples_by_rounding_only(name: str, strategy: str) -> None:
    ours, plain = pair(name, strategy)
    examples = layout_of("shared prefix")
    exact, wanted = one_by_one(plain, examples, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        mixed, found = packed(ours, list(pack(examples, 400, PADDING)), 0.1)
    assert mixed == pytest.approx(exact, rel=0.01)
    apart = torch.stack([(found[key] - wanted[key]).norm() for key in wanted]).norm()
    assert apart < 0.05 * torch.stack([wanted[key].norm() for key in wanted]).norm()


@pytest.mark.parametrize("what", ["prompt", "response"])
@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2"])
def test_changing_one_example_moves_no_other_by_a_bit(name: str, what: str) -> None:
    ours, _ = pair(name, "lora")
    before = layout_of("shared prefix")
    prompt, response = before[3].prompt, before[3].response
    new_prompt, new_response = (*prompt[:-5], *random_ids(5, 998)), random_ids(len(response), 999)
    changed = (new_prompt, response) if what == "prompt" else (prompt, new_response)
    after = [*before[:3], TokenizedExample("3", *changed), *before[4:]]
    (first,), (second,) = pack(before, 10_000, PADDING), pack(after, 10_000, PADDING)
    assert first.input_ids.shape == second.input_ids.shape
    assert first.segments == second.segments
    with torch.no_grad():
        one, two = log_likelihoods(ours.eval(), first), log_likelihoods(ours, second)
    ours.train()
    moved = {member for member, a, b in zip(first.members, one, two, strict=True) if not torch.equal(a, b)}
    assert moved == {3}


def test_changing_one_example_of_routed_experts_moves_no_other_beyond_rounding() -> None:
    ours, _ = pair("tiny_deepseek_v3", "lora")
    before = layout_of("shared prefix")
    changed = TokenizedExample("3", before[3].prompt, random_ids(len(before[3].response), 999))
    after = [*before[:3], changed, *before[4:]]
    (first,), (second,) = pack(before, 10_000, PADDING), pack(after, 10_000, PADDING)
    with torch.no_grad():
        one, two = log_likelihoods(ours.eval(), first), log_likelihoods(ours, second)
    ours.train()
    far = {m for m, a, b in zip(first.members, one, two, strict=True) if not torch.allclose(a, b, rtol=1e-6)}
    assert far == {3}


IDS = st.lists(st.integers(1, 4), min_size=1, max_size=12).map(tuple)
EXAMPLES = st.tuples(
    st.lists(st.integers(1, 4), max_size=10).map(tuple), st.lists(st.tuples(IDS, IDS), min_size=1, max_size=9)
).map(
    lambda drawn: [
        TokenizedExample(str(number), (*drawn[0], *prompt), response)
        for number, (prompt, response) in enumerate(drawn[1])
    ]
)


@given(EXAMPLES, st.integers(1, 120))
def test_every_example_is_packed_once_within_the_budget(examples: list[TokenizedExample], budget: int) -> None:
    rows = list(pack(examples, budget, padding=0))
    assert sorted(member for row in rows for member in row.members) == list(range(len(examples)))
    for row in rows:
        assert row.input_ids.shape == row.position_ids.shape
        assert row.input_ids.numel() <= budget + 15 or len(row.members) == 1


@given(EXAMPLES, st.integers(1, 120))
def test_labels_are_the_responses_and_padding_is_never_supervised(
    examples: list[TokenizedExample], budget: int
) -> None:
    for row in pack(examples, budget, padding=0):
        inner = row.owners[:-1] == row.owners[1:]  # predictors whose answer goes on: the next one reads their label
        assert torch.equal(row.input_ids[0, row.predictors[1:][inner]], row.labels[:-1][inner])
        assert bool((row.predictors.diff()[inner] == 1).all())
        assert len(set(row.predictors.tolist())) == row.supervised
        assert bool((row.labels != 0).all())
        assert bool((row.input_ids[0, row.predictors] != 0).all())
        for number, member in enumerate(row.members):
            mine = row.owners == number
            assert tuple(row.labels[mine].tolist()) == examples[member].response
            start = len(examples[member].prompt) - 1
            positions = row.position_ids[0, row.predictors[mine]].tolist()
            assert positions == list(range(start, start + len(examples[member].response)))
            assert row.input_ids[0, row.predictors[mine][0]] == examples[member].prompt[-1]


def test_the_last_token_of_an_answer_takes_no_position() -> None:
    examples = [TokenizedExample(str(k), (7, 8, 9, k), (4, 5)) for k in range(1, 33)]
    (row,) = pack(examples, 1000, padding=0)
    assert [(segment.examples, segment.width) for segment in row.segments] == [(1, 3), (32, 2)]
    assert row.supervised == 64
