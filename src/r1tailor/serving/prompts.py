"""The prompt of an ask in the ids of a model in this process, exactly as in training."""

from dataclasses import replace

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.sampling import Sampling
from r1tailor.instruction.template import THINK
from r1tailor.serving.engine import Ask
from r1tailor.serving.refusals import Refused


def prompted(ask: Ask, tokenizer: ChatTokenizer, context_length: int) -> tuple[tuple[int, ...], Sampling]:
    """Return the ids of an ask, and its sampling with no more tokens than fit behind them.

    Args:
        ask: a conversation, or a text that is continued as it stands, its special tokens included.
        tokenizer: of the model.
        context_length: tokens that the model reads, its answer included.

    Raises:
        Refused: 400, no answer would fit.
    """
    if ask.turns:
        ids = tokenizer.ids(tokenizer.conversation([(turn.role, turn.content) for turn in ask.turns]))
    else:
        ids = tuple(tokenizer.tokenizer(ask.text)["input_ids"]) or (tokenizer.end,)
    room = context_length - len(ids)
    if room < 1:
        raise Refused(
            400,
            f"the prompt has {len(ids):,} tokens; with an answer, the model reads {context_length:,}",
            param="messages" if ask.turns else "prompt",
            code="context_length_exceeded",
        )
    return ids, replace(ask.sampling, max_answer_tokens=min(room, ask.sampling.max_answer_tokens or room))


def opens_reasoning(tokenizer: ChatTokenizer) -> bool:
    """Whether prompts end inside a ``<think>`` block, as R1's own do."""
    return tokenizer.conversation([("user", "?")]).rstrip().endswith(THINK)
