"""The base model's loss on each answer: a measure of difficulty, computed once before a run.

Losses are cached outside the project under the hash of the model and of every token, so that each phase of a
curriculum, and the next run over the same examples, reads them back. A damaged entry is computed again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import nn

from r1tailor import store
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.planning.precision import compute_dtype, device
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import QloraStrategy
from r1tailor.strategy import load_base
from r1tailor.training.parallel import local_rank

_AT_ONCE = 200  # examples packed together


def base_losses(
    settings: Settings,
    identity: Any,  # noqa: ANN401
    examples: Sequence[TokenizedExample],
    root: Path,
    padding: int,
) -> dict[str, float]:
    """Return the base model's loss (nats a supervised token) of each example by its id, from the cache if it is there.

    Args:
        settings: the composition, its precision decided.
        identity: of the base model, as JSON values; with the tokens it is the key of the cache entry.
        examples: what to measure; soft tokens, which the base model has never seen, are left out.
        root: the project's root.
        padding: token id to fill up with.
    """
    plain = [_without_soft_tokens(example) for example in examples]
    wanted = settings.strategy
    bits = [f"4 bits, double {wanted.double_quantisation}"] if isinstance(wanted, QloraStrategy) else []
    known = json.dumps([identity, settings.trainer.precision, *bits, [(e.prompt, e.response) for e in plain]])
    key = hashlib.sha256(known.encode()).hexdigest()
    path = store.cache_folder() / "losses" / f"{key}.json"
    found = _read(path, len(plain))
    if found is None:
        print(f"the base model's loss decides the curriculum: computing it for {len(plain):,} examples", flush=True)
        found = _computed(settings, plain, root, padding)
        with suppress(OSError):
            store.write_json(path, {"losses": found, "sha256": _seal(key, found)})
    by_id: dict[str, list[float]] = defaultdict(list)  # the windows of a text have one id
    for example, loss in zip(plain, found, strict=True):
        by_id[example.id].append(loss)
    return {id_: fmean(losses) for id_, losses in by_id.items()}


def _without_soft_tokens(example: TokenizedExample) -> TokenizedExample:
    return TokenizedExample(example.id, tuple(token for token in example.prompt if token >= 0), example.response)


def _computed(settings: Settings, examples: Sequence[TokenizedExample], root: Path, padding: int) -> list[float]:
    where = torch.device("cuda", local_rank()) if device(settings) == "gpu" else torch.device("cpu")
    model = load_base(settings, root, compute_dtype(settings)).to(where)
    budget = settings.trainer.micro_batch_tokens
    parts = [examples[start : start + _AT_ONCE] for start in range(0, len(examples), _AT_ONCE)]
    with torch.inference_mode():
        return [loss for part in parts for loss in _losses(model, part, budget, padding, where)]


def _losses(
    model: nn.Module, examples: Sequence[TokenizedExample], budget: int, padding: int, where: torch.device
) -> list[float]:
    result = [0.0] * len(examples)
    for micro in pack(examples, budget, padding):
        for member, value in zip(micro.members, log_likelihoods(model, micro.to(where)).tolist(), strict=True):
            result[member] = -value / len(examples[member].response)
    return result


def _read(path: Path, count: int) -> list[float] | None:
    try:
        entry = store.read_json(path)
        losses = [float(loss) for loss in entry["losses"]]
        sealed = entry["sha256"] == _seal(path.stem, losses)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return losses if sealed and len(losses) == count else None


def _seal(key: str, losses: Sequence[float]) -> str:
    return hashlib.sha256(f"{key}{list(losses)}".encode()).hexdigest()
