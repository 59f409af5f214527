"""An exported GGUF file as an ``Answerer``: the prompts are tokenised here, llama.cpp gets ids.

llama.cpp returns the probability of the token that it took. To learn that of a given token, one step is asked for in
which that token is forced; what comes back is its probability before it was forced.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from r1tailor.artifact import Artifact
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.errors import DataError
from r1tailor.inference.answerer import (
    Answer,
    Likelihood,
    Progress,
    Prompt,
    Truncated,
    as_examples,
    by_example,
    longest,
    responding,
    silent,
)
from r1tailor.inference.blocks import before_labels, behind_block, block_length, opens_block
from r1tailor.inference.gguf import GgufEngine
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.inference.tries import Ids, continued, distinguishing, none_of
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.schema.settings import Settings
from r1tailor.thinking import parted

T = TypeVar("T")
PARALLEL = 4  # requests at a time: a step of four takes little longer than a step of one
FILE = "model.gguf"
LONGEST = 16384  # tokens of all requests under way: their keys and values lie in memory from the start
_FORCED = 1e4  # added to a logit
_LOOKED_UP = 500  # tokens


@dataclass(frozen=True)
class _Written:
    """A text of llama.cpp's: its tokens, the end of the turn included, and whether it was cut."""

    text: str
    tokens: int
    cut: bool

    def as_answer(self, opened: bool, block: int | None = None) -> Answer:
        """Return it as an answer whose first ``block`` tokens are reasoning; None: all of them, or none."""
        text = self.text.strip()
        tagged = f"{THINK}\n{text}" if opened else text
        reasoning, answer = parted(tagged)
        inside = tagged.startswith(THINK) and END_THINK not in tagged
        thought = block if block is not None else self.tokens if inside else 0
        truncated: Truncated = "reasoning" if inside else "answer" if self.cut else ""
        return Answer(text, reasoning, answer, thought, self.tokens - thought, truncated)


class GgufAnswerer:
    """An engine, its tokenizer and the settings; an ``Answerer``.

    Args:
        engine: the loaded file, for ``PARALLEL`` requests.
        tokenizer: of the model.
        settings: ``model.context_length``, the budgets of ``evaluation`` and the instruction of the domain's task are
            read.
    """

    def __init__(self, engine: GgufEngine, tokenizer: ChatTokenizer, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.tokenizer = tokenizer

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order (see ``Answerer``)."""
        how = sampling.within(self.settings.evaluation)
        tokens = [self.tokenizer.prompt(example) for example in self._examples(prompts)]
        self._refuse([one.id for one in tokens if len(one.prompt) >= self.settings.model.context_length])

        def one(example: TokenizedExample) -> Answer:
            written = self._written(example, how)
            progress(1)
            return written

        return self._each(one, tokens, max((len(one.prompt) for one in tokens), default=0) + how.longest)

    def _written(self, example: TokenizedExample, sampling: Sampling) -> Answer:
        """Let llama.cpp write the block of reasoning, where there is one, and then the answer, each to its budget."""
        opened = opens_block(self.tokenizer, example.prompt)
        most, longest = sampling.max_reasoning_tokens, sampling.max_answer_tokens or 1
        if most is None:
            return self._write(example, sampling, "", longest).as_answer(opened)
        block = self._write(example, sampling, "", most if opened else longest, stops=opened)
        inside = opened or block.text.lstrip().startswith(THINK)
        if inside and not opened and END_THINK not in block.text and block.cut and most > block.tokens:
            more = self._write(example, sampling, block.text, most - block.tokens, stops=True)
            block = _Written(block.text + more.text, block.tokens + more.tokens, more.cut)
        if not inside:
            return block.as_answer(opened)
        unfinished = END_THINK not in block.text
        if unfinished and not sampling.close_reasoning:
            return block.as_answer(opened)
        before = block.text + self.tokenizer.blocks.closing if unfinished else block.text
        rest = self._write(example, sampling, before, longest)
        answer = _Written(before + rest.text, block.tokens + rest.tokens, rest.cut).as_answer(opened, block.tokens)
        return replace(answer, truncated="reasoning") if unfinished else answer

    def _write(
        self, example: TokenizedExample, sampling: Sampling, begun: str, most: int, *, stops: bool = False
    ) -> "_Written":
        """Continue a text; to the end of its block if that is where it stops."""
        prompt = [*example.prompt, *self.tokenizer.ids(begun)]
        room = self.settings.model.context_length - len(prompt)
        if room < 1:
            return _Written("", 0, cut=True)
        drawn = _greedy() if sampling.greedy else _drawn(sampling, example.id)
        body = {"prompt": prompt, "max_tokens": min(most, room), **drawn}
        found = self.engine.complete(body | ({"stop": [END_THINK], "logprobs": 1} if stops else {}))
        (choice,) = found["choices"]
        rows = (choice.get("logprobs") or {}).get("content") or ()
        ended = stops and END_THINK in "".join(row["token"] for row in rows[-len(END_THINK) :])
        text = choice["text"] + (END_THINK if ended else "")
        return _Written(text, int(found["usage"]["completion_tokens"]), choice["finish_reason"] == "length")

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return the likelihood of each response, or of the examples' own (see ``Answerer``)."""
        examples = responding(self._examples(prompts), responses)
        if not examples:
            return []
        tokenized = tokenize(examples, self.tokenizer, longest(examples, self.settings))
        self._refuse(tokenized.too_long)

        def one(example: TokenizedExample) -> Likelihood:
            steps = [(example.prompt + example.response[:k], token) for k, token in enumerate(example.response)]
            each = [self._log_probability(before, token) for before, token in steps]
            block = block_length(self.tokenizer, example)
            progress(1)
            return Likelihood(sum(each), len(each), sum(each[:block]), block)

        found = self._each(one, tokenized.examples, max(map(len, tokenized.examples)))
        return by_example(examples, [tokens.id for tokens in tokenized.examples], found)

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order (see ``Answerer``)."""
        examples = self._examples(prompts)
        wanted = self.settings.evaluation
        blocks = before_labels(self, self.tokenizer, (examples, labels), reasoning, wanted)
        asked = list(zip(examples, labels, blocks, strict=True))

        def one(number: int) -> tuple[float, ...]:
            example, closed, block = asked[number]
            before, after = behind_block(self.tokenizer, self.tokenizer.prompt_text(example), closed, block)
            scores = self._beginnings(self.tokenizer.prompt(example).prompt + before, distinguishing(after))
            progress(1)
            return scores

        return self._each(one, range(len(asked)), self.settings.model.context_length)

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


def _drawn(sampling: Sampling, item: str) -> dict[str, Any]:
    """Return how llama.cpp shall draw: as transformers does, temperature before the cut."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed_of(item),
        "samplers": ["temperature", "top_p"],
    }
