"""An exported GGUF file as an ``Answerer``: the prompts are tokenised here, llama.cpp gets ids.

llama.cpp returns the probability of the token that it took. To learn that of a given token, one step is asked for in
which that token is forced; what comes back is its probability before it was forced.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from r1tailor.artifact import Artifact
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.errors import DataError
from r1tailor.inference.answerer import Likelihood, Progress, Prompt, as_examples, silent
from r1tailor.inference.gguf import GgufEngine
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.inference.tries import Ids, continued, distinguishing, none_of
from r1tailor.schema.settings import Settings

T = TypeVar("T")
PARALLEL = 4  # requests at a time: a step of four takes little longer than a step of one
FILE = "model.gguf"
LONGEST = 16384  # tokens of all requests under way: their keys and values lie in memory from the start
_FORCED = 1e4  # added to a logit
_LOOKED_UP = 500  # tokens


class GgufAnswerer:
    """An engine, its tokenizer and the settings; an ``Answerer``.

    Args:
        engine: the loaded file, for ``PARALLEL`` requests.
        tokenizer: of the model.
        settings: ``model.context_length``, ``evaluation.max_new_tokens`` and the instruction of the domain's task are
            read.
    """

    def __init__(self, engine: GgufEngine, tokenizer: ChatTokenizer, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.tokenizer = tokenizer

    def answer(self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent) -> list[str]:
        """Return one answer for each prompt, in order (see ``Answerer``)."""
        length = sampling.max_new_tokens or self.settings.evaluation.max_new_tokens
        drawn = _greedy() if sampling.greedy else _drawn(sampling)
        tokens = [self.tokenizer.prompt(example) for example in self._examples(prompts)]
        self._refuse([one.id for one in tokens if len(one.prompt) >= self.settings.model.context_length])

        def one(example: TokenizedExample) -> str:
            room = self.settings.model.context_length - len(example.prompt)
            body = {"prompt": list(example.prompt), "max_tokens": min(length, room), **drawn}
            found = self.engine.complete(body)
            progress(1)
            return str(found["choices"][0]["text"]).strip()

        return self._each(one, tokens, max((len(one.prompt) for one in tokens), default=0) + length)

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return the likelihood of each response, or of the examples' own (see ``Answerer``)."""
        examples = self._examples(prompts)
        if responses is not None:
            pairs = zip(examples, responses, strict=True)
            examples = [replace(example, output=response, reasoning="") for example, response in pairs]
        if not examples:
            return []
        tokenized = tokenize(examples, self.tokenizer, self.settings.model.context_length)
        self._refuse(tokenized.too_long)

        def one(example: TokenizedExample) -> Likelihood:
            steps = [(example.prompt + example.response[:k], token) for k, token in enumerate(example.response)]
            total = sum(self._log_probability(before, token) for before, token in steps)
            progress(1)
            return Likelihood(total, len(example.response))

        return self._each(one, tokenized.examples, max(map(len, tokenized.examples)))

    def rank(
        self, prompts: Sequence[Prompt], labels: Sequence[Sequence[str]], progress: Progress = silent
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order (see ``Answerer``)."""
        pairs = list(zip(self._examples(prompts), labels, strict=True))

        def one(number: int) -> tuple[float, ...]:
            example, closed = pairs[number]
            text = self.tokenizer.prompt_text(example)
            beginnings = distinguishing([self.tokenizer.continuation(text, label) for label in closed])
            scores = self._beginnings(self.tokenizer.prompt(example).prompt, beginnings)
            progress(1)
            return scores

        return self._each(one, range(len(pairs)), self.settings.model.context_length)

    def _beginnings(self, prompt: Ids, beginnings: Sequence[Ids]) -> tuple[float, ...]:
        """Return the log-likelihood of each beginning of an answer; what they share is asked once."""
        known: dict[Ids, float] = {}
        for ids in beginnings:
            for k in range(1, len(ids) + 1):
                if ids[:k] not in known:
                    known[ids[:k]] = self._log_probability(prompt + ids[: k - 1], ids[k - 1])
        return tuple(
            sum(known[ids[:k]] for k in range(1, len(ids) + 1))
            + none_of(known[longer] for longer in continued(ids, beginnings))
            for ids in beginnings
        )

    def _log_probability(self, before: Ids, token: int) -> float:
        """Return the log-probability of a token after others, in nats."""
        step = self._forced(before, token, 1)
        if step is not None:
            return float(step["logprob"])
        # Of a token that is a part of a character the library reports nothing: it is looked up among the likeliest.
        for most in (_LOOKED_UP, len(self.tokenizer.tokenizer)):
            step = self._forced(before, self.tokenizer.end, most)
            assert step is not None
            found = [one["logprob"] for one in step["top_logprobs"] if one["id"] == token]
            if found:
                return float(found[0])
        raise AssertionError(f"llama.cpp knows no token {token}")

    def _forced(self, before: Ids, token: int, most: int) -> dict[str, Any] | None:
        """Return what is known of a step in which a token is forced, and of its ``most`` likeliest tokens."""
        forced = {"logit_bias": [[token, _FORCED]], "n_probs": most, "max_tokens": 1}
        reported = self.engine.complete({"prompt": list(before), **_greedy(), **forced})["choices"][0]["logprobs"]
        return dict(reported["content"][0]) if reported else None

    def next_tokens(self, before: Ids, most: int) -> dict[int, float]:
        """Return the likeliest next tokens after others, with their log-probabilities (nats)."""
        step = self._forced(before, self.tokenizer.end, most)
        assert step is not None
        return {one["id"]: float(one["logprob"]) for one in step["top_logprobs"]}

    def _each(self, work: Callable[[Any], T], items: Sequence[Any], longest: int) -> list[T]:
        """Return what work returns for each item: several at a time, as far as their tokens fit."""
        workers = max(1, min(PARALLEL, self.settings.model.context_length // max(1, longest)))
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(work, items))

    def _examples(self, prompts: Sequence[Prompt]) -> list[Any]:
        return as_examples(prompts, self.settings.domain.task.instruction)

    def _refuse(self, too_long: Sequence[str]) -> None:
        if too_long:
            model = self.settings.model
            raise DataError(
                f"{len(too_long)} prompts are longer than model {model.name} reads "
                f"({model.context_length:,} tokens): {', '.join(too_long[:5])}"
            )


def open_gguf(artifact: Artifact, settings: Settings, root: Path) -> GgufAnswerer:
    """Return a GGUF file of a saved model.

    Args:
        artifact: the form.
        settings: the composition that its parent was trained with.
        root: the project's root, for relative local paths.

    Raises:
        CheckpointError: it cannot be loaded, or the tokenizer here is not its own.
        ModelUnavailableError: the tokenizer cannot be had.
    """
    from r1tailor.inference.local import tokenizer_of

    tokenizer = tokenizer_of(artifact, settings, root)
    room = min(settings.model.context_length, LONGEST)
    return GgufAnswerer(GgufEngine(artifact.folder / FILE, context_length=room, parallel=PARALLEL), tokenizer, settings)


def _greedy() -> dict[str, Any]:
    return {"temperature": 0.0, "samplers": ["temperature"]}


def _drawn(sampling: Sampling) -> dict[str, Any]:
    """Return how llama.cpp shall draw: as transformers does, temperature before the cut."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "samplers": ["temperature", "top_p"],
    }
