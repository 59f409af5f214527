"""A model in this process that is not asked again what it was asked before."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, replace
from typing import Any

from r1tailor import store
from r1tailor.inference.answerer import Answer, Likelihood, Progress, Prompt, as_examples, longest, responding, silent
from r1tailor.inference.blocks import before_labels
from r1tailor.inference.kept import Keep, Kept
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example

_AT_ONCE = 128  # examples that are scored or ranked before what comes of them is kept


class KeptAnswerer:
    """A model with a memory outside the tree (``kept.py``); an ``Answerer``.

    Args:
        answerer: the model.
        model: hash of its weights and configuration.
    """

    def __init__(self, answerer: LocalAnswerer, model: str) -> None:
        self._answerer = answerer
        tokenizer, settings = answerer.tokenizer, answerer.settings
        parameters = list(answerer.model.parameters())
        told = (model, tokenizer.sha256, tokenizer.template_sha256, parameters[0].device.type)
        dtypes = sorted({str(parameter.dtype) for parameter in parameters})
        lengths = (settings.model.context_length, settings.trainer.max_length, tokenizer.soft_tokens)
        self._kept = Kept(store.cache_folder() / "predictions", [*told, *dtypes, *map(str, lengths)])

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order (see ``Answerer``)."""
        examples, how = self._examples(prompts), sampling.within(self._answerer.settings.evaluation)
        drawn = replace(how, seed=0, sample=0) if how.greedy else how
        told = [[_question(example), "" if how.greedy else example.id] for example in examples]

        def ask(missing: Sequence[int], keep: Keep) -> None:
            def finished(number: int, answer: Answer) -> None:
                keep(missing[number], asdict(answer))
                progress(1)

            self._answerer.written([examples[number] for number in missing], how, finished)

        return [Answer(**value) for value in self._each("answer", told, asdict(drawn), ask, progress)]

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return the likelihood of each response, or of the examples' own (see ``Answerer``)."""
        examples = responding(self._examples(prompts), responses)
        told = [[_question(one), one.output, one.reasoning, one.tool_calls] for one in examples]

        def ask(missing: Sequence[int], keep: Keep) -> None:
            for start in range(0, len(missing), _AT_ONCE):
                part = missing[start : start + _AT_ONCE]
                found = self._answerer.score([examples[number] for number in part], progress=progress)
                for number, one in zip(part, found, strict=True):
                    keep(number, astuple(one))

        length = longest(examples, self._answerer.settings)
        return [Likelihood(*value) for value in self._each("score", told, length, ask, progress)]

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order (see ``Answerer``)."""
        examples, own = self._examples(prompts), self._answerer
        blocks = before_labels(self, own.tokenizer, (examples, labels), reasoning, own.settings.evaluation)
        told = [[_question(one), *rest] for one, *rest in zip(examples, labels, blocks, strict=True)]

        def ask(missing: Sequence[int], keep: Keep) -> None:
            for start in range(0, len(missing), _AT_ONCE):
                part = missing[start : start + _AT_ONCE]
                some, closed = [examples[number] for number in part], [labels[number] for number in part]
                before = [blocks[number] for number in part]
                for number, scores in zip(part, own.rank(some, closed, progress, before), strict=True):
                    keep(number, scores)

        return [tuple(value) for value in self._each("rank", told, None, ask, progress)]

    def _each(self, what: str, told: Sequence[Any], how: Any, ask: Any, progress: Progress) -> list[Any]:  # noqa: ANN401
        asked = 0

        def counted(missing: Sequence[int], keep: Keep) -> None:
            nonlocal asked
            asked = len(missing)
            ask(missing, keep)

        found = self._kept.each(what, told, how, counted)
        progress(len(told) - asked)
        return found

    def _examples(self, prompts: Sequence[Prompt]) -> list[Example]:
        return as_examples(prompts, self._answerer.settings.domain.task.instruction)


def _question(example: Example) -> list[Any]:
    """Return all of an example that a prompt is made of, as JSON values."""
    turns = [asdict(turn) for turn in example.turns]
    return [example.instruction, example.input, turns, example.tools, example.series]
