"""The architectures of the family."""

import pytest
from tokenizers import AddedToken
from torch import nn
from transformers import PreTrainedTokenizerFast

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import PreflightError
from r1tailor.model import families
from r1tailor.model.families import resolve_targets
from r1tailor.records import Example
from tests.strategy.test_lora import MODELS, base_model

LATENT = ["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj"]


MLP = ["gate_proj", "up_proj", "down_proj"]


@pytest.mark.parametrize("name", MODELS)
def test_semantic_targets_name_the_projections_of_each_architecture(name: str) -> None:
    model = base_model(name)
    heads = LATENT if name == "tiny_deepseek_v3" else ["q_proj", "k_proj", "v_proj"]
    assert resolve_targets(model, "query_key_value") == heads
    assert resolve_targets(model, "attention") == [*heads, "o_proj"]
    assert resolve_targets(model, "mlp") == MLP
    assert resolve_targets(model, "all_linear") == [*heads, "o_proj", *MLP]


def test_a_fused_projection_counts_as_query_key_and_value() -> None:
    model = nn.ModuleDict({"query_key_value": nn.Linear(4, 12), "dense_h_to_4h": nn.Linear(4, 16)})
    assert resolve_targets(model, "query_key_value") == ["query_key_value"]
    assert resolve_targets(model, "mlp") == ["dense_h_to_4h"]
    with pytest.raises(PreflightError, match=r"mlp: this model has no such layers\. This model's linear layers: only"):
        resolve_targets(nn.ModuleDict({"only": nn.Linear(2, 2)}), "mlp")


def test_modules_may_be_named_one_by_one() -> None:
    assert resolve_targets(base_model(), "v_proj") == ["v_proj"]
    assert resolve_targets(base_model(), ("down_proj", "q_proj")) == ["down_proj", "q_proj"]


@pytest.mark.parametrize("wanted", ["qqq_proj", ("q_proj", "qqq_proj"), ("norm",)])
def test_an_unknown_module_is_an_error_that_lists_what_there_is(wanted: str | tuple[str, ...]) -> None:
    with pytest.raises(PreflightError) as caught:
        resolve_targets(base_model(), wanted)
    unknown = wanted[-1] if isinstance(wanted, tuple) else wanted
    assert f'no linear layer is called "{unknown}"' in str(caught.value)
    assert f"q_proj, k_proj, v_proj, o_proj, {', '.join(MLP)}, lm_head" in str(caught.value)
    assert "all_linear" in str(caught.value)


@pytest.mark.parametrize("wanted", ["experts", "gate_up_proj"])
def test_asking_for_routed_experts_by_name_is_an_error(wanted: str) -> None:
    with pytest.raises(PreflightError, match=f'no linear layer is called "{wanted}"'):
        resolve_targets(base_model("tiny_deepseek_v3"), (wanted,))


def gemma_tokenizer() -> PreTrainedTokenizerFast:
    """Return the byte tokenizer with Gemma's control tokens."""
    tokenizer = families.byte_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<bos>", "eos_token": "<eos>"})
    tokenizer.add_tokens([AddedToken(token, special=True) for token in ("<start_of_turn>", "<end_of_turn>")])
    tokenizer.chat_template = families.GEMMA_CHAT_TEMPLATE
    return tokenizer


def test_gemmas_turns_are_written_as_published() -> None:
    tokenizer = ChatTokenizer(gemma_tokenizer())
    turns = [("system", "Be brief."), ("user", " Hello \n"), ("assistant", "Hi."), ("user", "Which one?")]
    assert tokenizer.conversation(turns) == (
        "<bos><start_of_turn>user\nBe brief.\n\nHello<end_of_turn>\n<start_of_turn>model\nHi.<end_of_turn>\n"
        "<start_of_turn>user\nWhich one?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_gemmas_training_text_is_its_generation_text_and_ends_the_turn() -> None:
    tokenizer = ChatTokenizer(gemma_tokenizer())
    end = tokenizer.tokenizer.convert_tokens_to_ids("<end_of_turn>")
    assert tokenizer.end == end != tokenizer.tokenizer.eos_token_id, "the turn's end is no end of text"
    example = Example("a", "Name it.", "<end_of_turn>\n<start_of_turn>model\nx", "y")
    tokens = tokenizer.encode(example)
    assert tokens.prompt == tokenizer.prompt(example).prompt
    assert tokens.prompt.count(end) == 1, "a document that quotes a token opens no turn"
    assert tokens.response == (*tokenizer.ids("y"), end)
    assert tokens.prompt.count(tokenizer.tokenizer.bos_token_id) == 1
