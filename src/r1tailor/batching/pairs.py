"""Pairs of answers to one question, one preferred to the other, and what a reference model made of them.

The reference model is asked once: a JSON file keeps the log-likelihoods of both answers of each pair.
"""

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from r1tailor import store
from r1tailor.batching.moved import moved
from r1tailor.batching.tokens import ChatTokenizer, Tokenized, TokenizedExample, tokenize, within
from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.thinking import parted

_DIGEST = 16  # hex digits of the hash of a pair's tokens


@dataclass(frozen=True)
class Pairs:
    """P pairs of a row.

    Attributes:
        chosen: [P] number of the preferred example in the row, as in ``MicroBatch.owners``.
        rejected: [P] number of the other.
        reference: [P] log-likelihood of the preferred response minus that of the other, by the reference model (nats).
    """

    chosen: Tensor
    rejected: Tensor
    reference: Tensor

    def __len__(self) -> int:
        return len(self.chosen)

    def kept(self, owners: Tensor) -> Tensor:
        """Return [S] whether each supervised token belongs to an answer that is to be learnt.

        Args:
            owners: [S] number of the example that each token belongs to.
        """
        return ~torch.isin(owners, self.rejected)

    def to(self, device: torch.device) -> "Pairs":
        """Return the same pairs on a device."""
        return Pairs(*(moved(part, device) for part in (self.chosen, self.rejected, self.reference)))


def tokenize_pairs(
    examples: Sequence[Example], tokenizer: ChatTokenizer, max_length: int, cache: Path | None = None
) -> Tokenized:
    """Tokenise examples with their rejected answers; one whose either answer is too long is left out whole, and listed.

    Args: as of ``tokenize``.

    Raises:
        DataError: nothing fits.
    """
    if not any(example.rejected for example in examples):
        return tokenize(examples, tokenizer, max_length, cache)
    every = [*examples, *(_other(example) for example in examples if example.rejected)]
    tokens = iter(tokenize(every, tokenizer, sys.maxsize, cache).examples)
    own = [next(tokens) for _ in examples]
    return within(
        [
            replace(one, rejected=next(tokens)) if example.rejected else one
            for example, one in zip(examples, own, strict=True)
        ],
        max_length,
    )


def _other(example: Example) -> Example:
    """Return the example whose answer is the rejected one."""
    reasoning, answer = parted(example.rejected)
    return replace(example, output=answer, reasoning=reasoning, tool_calls=(), rejected="")


def write_references(
    path: Path, facts: Mapping[str, str], found: Iterable[tuple[TokenizedExample, float, float]]
) -> None:
    """Write the log-likelihoods (nats) of both responses of each pair.

    Args:
        path: of the JSON file.
        facts: what identifies them: the model, the tokenizer, the tokens.
        found: pairs, the log-likelihood of the preferred response and of the other.
    """
    pairs = {one.id: [_digest(one), chosen, rejected] for one, chosen, rejected in found}
    store.write_json(path, {"facts": dict(facts), "pairs": pairs})


class References:
    """A file of log-likelihoods, in memory.

    Args:
        path: of the file.

    Raises:
        DataError: it is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            held: dict[str, Any] = store.read_json(path)
            self.facts: dict[str, str] = held["facts"]
            self._pairs = {id_: (str(digest), float(a), float(b)) for id_, (digest, a, b) in held["pairs"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise DataError(f"{path} cannot be read: {error}. Run teach again") from error
        self._path = path

    def of(self, examples: Sequence[TokenizedExample]) -> Tensor:
        """Return [P] the difference of the log-likelihoods (nats) of some pairs.

        Raises:
            DataError: one is missing, or its tokens are others.
        """
        return torch.tensor([self._of(example) for example in examples])

    def _of(self, example: TokenizedExample) -> float:
        digest, chosen, rejected = self._pairs.get(example.id, ("", 0.0, 0.0))
        if digest != _digest(example):
            raise DataError(f"{self._path}: the reference model was not asked about the pair of example {example.id}")
        return chosen - rejected


def _digest(example: TokenizedExample) -> str:
    tokens = (example.response, example.rejected and example.rejected.response)
    return hashlib.sha256(repr(tokens).encode()).hexdigest()[:_DIGEST]
