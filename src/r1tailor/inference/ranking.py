"""Which label of a closed set does a model find likeliest? The fair question for one that answers in prose.

A label is scored by the likelihood of its shortest beginning that tells it from all others: the probability
that an answer starts that way, so that a long label is not at a disadvantage. A label that begins another one ("hold",
"hold off") counts only where the answer does not continue to the longer one: it ends there, or goes on otherwise. The
beginnings form a trie; one pass over each longest inner path gives the distributions at all of its nodes, which is
every score there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import nn

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.blocks import behind_block
from r1tailor.inference.tries import Ids, continued, distinguishing, inner_paths, none_of
from r1tailor.objective.supervised import log_likelihoods_of
from r1tailor.records import Example

_AT_ONCE = 50  # examples packed together


def rank(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    examples: Sequence[Example],
    labels: Sequence[Sequence[str]],
    budget: int,
    device: torch.device,
    progress: Callable[[int], None],
    reasoning: Sequence[str] | None = None,
) -> list[list[float]]:
    """Return the scores of each example's labels (nats), in their order; none where it has no labels."""
    blocks = reasoning or [""] * len(examples)
    scores: list[list[float]] = []
    for start in range(0, len(examples), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        scores += score_labels(model, tokenizer, examples[part], labels[part], budget, device, blocks[part])
        progress(len(examples[part]))
    return scores


def score_labels(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    examples: Sequence[Example],
    labels: Sequence[Sequence[str]],
    budget: int,
    device: torch.device,
    reasoning: Sequence[str] | None = None,
) -> list[list[float]]:
    """Return [examples][labels of each] log-likelihoods (nats) of the labels' distinguishing beginnings.

    ``reasoning`` is what each prompt goes on with before the labels, as the model wrote it; it is not scored.
    """
    texts = [tokenizer.prompt_parts(example)[-1] for example in examples]
    blocks = reasoning or [""] * len(examples)
    prompts, beginnings = [], []
    for example, text, closed, block in zip(examples, texts, labels, blocks, strict=True):
        before, after = behind_block(tokenizer, text, closed, block)
        prompt = tokenizer.prompt(example)
        prompts.append(replace(prompt, prompt=prompt.prompt + before))
        beginnings.append(distinguishing(after))
    followers = [_followers(closed) for closed in beginnings]
    requests = [
        (number, path, replace(prompt, response=(*path, tokenizer.end)))
        for number, prompt in enumerate(prompts)
        for path in inner_paths(beginnings[number])
    ]
    found: dict[tuple[int, Ids], float] = {}  # an example's number and a path -> log-likelihood of its last token
    for micro in pack([request for *_, request in requests], budget, tokenizer.end) if requests else ():
        nodes = [
            (number, path[:depth])
            for number, path, _ in (requests[member] for member in micro.members)
            for depth in range(len(path) + 1)
        ]
        tokens = [followers[number][node] for number, node in nodes]
        width = max(map(len, tokens))
        asked = torch.tensor([[*some, *some[:1] * (width - len(some))] for some in tokens], device=device)
        values = log_likelihoods_of(model, micro.to(device), asked).tolist()
        for (number, node), some, row in zip(nodes, tokens, values, strict=True):
            found |= {(number, (*node, token)): value for token, value in zip(some, row, strict=False)}

    def score(number: int, ids: Ids) -> float:
        longer = continued(ids, beginnings[number])
        likelihood = sum(found[number, ids[: k + 1]] for k in range(len(ids)))
        return likelihood + none_of(found[number, one] for one in longer) if longer else likelihood

    return [[score(number, ids) for ids in beginnings[number]] for number in range(len(examples))]


def _followers(beginnings: Sequence[Ids]) -> dict[Ids, list[int]]:
    """Return the tokens that follow each inner node of the trie of some beginnings."""
    found: dict[Ids, dict[int, None]] = {}
    for ids in beginnings:
        for depth, token in enumerate(ids):
            found.setdefault(ids[:depth], {})[token] = None
    return {node: list(tokens) for node, tokens in found.items()}


def likeliest(labels: Sequence[str], scores: Sequence[float]) -> str:
    """Return the label with the highest score, the first of equals; empty if there is none."""
    return labels[max(range(len(labels)), key=scores.__getitem__)] if labels else ""
