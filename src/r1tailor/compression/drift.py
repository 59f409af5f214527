"""How far a form's next-token distributions lie from those of the model that it was made of, in fp32.

Of each text's last positions the form's likeliest tokens are compared one by one and all others together, so that the
divergence is a lower bound that misses little.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import torch

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.compression.probes import TEXTS
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.gguf_answerer import GgufAnswerer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.objective.supervised import next_token_log_likelihoods
from r1tailor.records import Example

Distribution = Mapping[int, float]  # token id -> log-probability, the likeliest tokens only
_POSITIONS = 6  # of each text
_MOST = 50  # tokens of a distribution
_COMPARED = 10  # the parent's likeliest tokens, whose log-probabilities are compared


def distributions(answerer: Answerer, instruction: str) -> list[Distribution]:
    """Return what a model expects next at the last positions of each text, as an input of a prompt.

    Args:
        answerer: a model in this process, or a GGUF file.
        instruction: of the prompts.
    """
    assert isinstance(answerer, LocalAnswerer | GgufAnswerer)
    examples = [Example(str(number), instruction, text, "") for number, text in enumerate(TEXTS)]
    prompts = [answerer.tokenizer.prompt(example) for example in examples]
    if isinstance(answerer, GgufAnswerer):
        begun = [one.prompt[: len(one.prompt) - k] for one in prompts for k in range(_POSITIONS, 0, -1)]
        return [answerer.next_tokens(ids, _MOST) for ids in begun]
    cut = [replace(one, prompt=one.prompt[:-_POSITIONS], response=one.prompt[-_POSITIONS:]) for one in prompts]
    return [position for positions in _local(answerer, cut) for position in positions]


def _local(answerer: LocalAnswerer, texts: Sequence[TokenizedExample]) -> list[list[Distribution]]:
    """Return the distributions of each text at the positions that its last tokens are predicted from."""
    found: list[list[Distribution]] = [[] for _ in texts]
    with torch.inference_mode():
        for micro in pack(texts, answerer.settings.trainer.micro_batch_tokens, answerer.tokenizer.end):
            rows = iter(next_token_log_likelihoods(answerer.model, micro))
            for member in micro.members:
                for _ in range(_POSITIONS):
                    row = next(rows)
                    values, ids = row.topk(min(_MOST, len(row)))
                    found[member].append(dict(zip(ids.tolist(), values.tolist(), strict=True)))
    return found


def drift(parent: Sequence[Distribution], form: Sequence[Distribution]) -> dict[str, float]:
    """Return how far distributions lie apart.

    ``largest`` and ``mean``: the largest and the mean difference of a log-probability (nats) among each position's
    likeliest tokens;
    ``kl``: the mean divergence of the form from the parent (nats); ``top1``: the share of positions whose likeliest
    token is the same.
    """
    pairs = list(zip(parent, form, strict=True))
    return {
        "positions": len(pairs),
        "top1": sum(_likeliest(a) == _likeliest(b) for a, b in pairs) / len(pairs),
        "kl": sum(_divergence(a, b) for a, b in pairs) / len(pairs),
        "largest": max((max(_differences(a, b)) for a, b in pairs), default=0.0),
        "mean": fmean([apart for a, b in pairs for apart in _differences(a, b)] or [0.0]),
    }


def _likeliest(one: Distribution) -> int:
    return max(one, key=lambda id_: one[id_])


def _differences(parent: Distribution, form: Distribution) -> list[float]:
    best = sorted(parent, key=parent.__getitem__)[-_COMPARED:]
    return [abs(parent[id_] - form[id_]) for id_ in best if id_ in form] or [math.inf]


def _divergence(parent: Distribution, form: Distribution) -> float:
    """Return sum p log(p / q) over the tokens that both list, and one term for all others together."""
    both = parent.keys() & form.keys()
    terms = [(math.exp(parent[id_]), math.exp(form[id_])) for id_ in both]
    rest = tuple(max(1e-12, 1 - sum(side)) for side in zip(*terms, strict=True)) if terms else (1.0, 1.0)
    return max(0.0, math.fsum(p * math.log(p / q) for p, q in (*terms, rest)))
