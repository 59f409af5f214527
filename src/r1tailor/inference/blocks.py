"""The block of reasoning before an answer: where a prompt opens it, where it ends, and labels ranked behind it.

No torch.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.sampling import GREEDY
from r1tailor.inference.tries import Ids
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.records import Example
from r1tailor.schema.evaluation import Evaluation

TAIL = 16  # tokens, among which a mark that was just finished stands: it has eight characters


def decoded(tokenizer: ChatTokenizer, ids: Sequence[int]) -> str:
    """Return the text of ids, special tokens included."""
    return str(tokenizer.tokenizer.decode(list(ids), skip_special_tokens=False))


def opens_block(tokenizer: ChatTokenizer, prompt: Sequence[int]) -> bool:
    """Whether a prompt ends inside a ``<think>`` block, so that what follows is reasoning."""
    return decoded(tokenizer, [token for token in prompt[-TAIL:] if token >= 0]).rstrip().endswith(THINK)


def block_length(tokenizer: ChatTokenizer, example: TokenizedExample) -> int:
    """Return how many tokens of a response are its block of reasoning, the blank lines behind it included."""
    ids = example.response
    whole = decoded(tokenizer, ids)
    if END_THINK not in whole or not (whole.startswith(THINK) or opens_block(tokenizer, example.prompt)):
        return 0
    ends = bisect_left(range(len(ids) + 1), True, key=lambda n: END_THINK in decoded(tokenizer, ids[:n]))
    while ends < len(ids) and decoded(tokenizer, ids[ends : ends + 1]).isspace():
        ends += 1
    return ends


def behind_block(tokenizer: ChatTokenizer, prompt: str, labels: Sequence[str], reasoning: str) -> tuple[Ids, list[Ids]]:
    """Return the ids of a block of reasoning that follows a rendered prompt, and those of each label behind it.

    Without reasoning the first is empty, and a label's ids begin with what the prompt needs before an answer.
    """
    if not reasoning:
        return (), [tokenizer.continuation(prompt, label) for label in labels]
    text = tokenizer.blocks.block(reasoning, prompt)
    whole = [tokenizer.ids(text + label) for label in labels]
    block = tokenizer.ids(text)
    while any(ids[: len(block)] != block for ids in whole):
        block = block[:-1]
    return block, [ids[len(block) :] for ids in whole]


def before_labels(
    answerer: Answerer,
    tokenizer: ChatTokenizer,
    asked: tuple[Sequence[Example], Sequence[Sequence[str]]],
    reasoning: Sequence[str] | None,
    wanted: Evaluation,
) -> Sequence[str]:
    """Return the reasoning after which each example's labels are ranked; empty for an empty block, or for none.

    Args:
        answerer: the model.
        tokenizer: of the model.
        asked: the examples, and the labels of each.
        reasoning: what the model wrote, where it was asked already; None lets it reason where a prompt opens a block.
        wanted: budgets, and whether labels are ranked after reasoning at all.
    """
    if wanted.rank_after == "empty":
        return [""] * len(asked[0])
    if reasoning is not None:
        return reasoning
    opened = [
        bool(closed) and tokenizer.prompt_parts(example)[-1].rstrip().endswith(THINK)
        for example, closed in zip(*asked, strict=True)
    ]
    open_ones = [example for example, opens in zip(asked[0], opened, strict=True) if opens]
    how = replace(GREEDY.within(wanted), max_answer_tokens=1)
    written = iter(answerer.answer(open_ones, how) if open_ones else ())
    return [next(written).reasoning if opens else "" for opens in opened]
