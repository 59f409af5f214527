"""An answerer outside this process whose answers are kept until the attack is finished.

A model in this process has the cache of all predictions. A server may put another model behind the same name, so what
it answered is kept for the one run that was interrupted: ``run.attack`` removes the folder when it has finished.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from r1tailor.inference import GREEDY, Answer, Answerer, Likelihood, Prompt, Sampling
from r1tailor.inference.answerer import Progress, as_examples, silent
from r1tailor.inference.kept import Keep, Kept

_AT_ONCE = 32  # prompts whose answers are kept together


class Resumed:
    """An ``Answerer`` that is not asked again what it answered before the interruption.

    Args:
        answerer: that is asked.
        folder: of what it answered.
        name: of the model.
    """

    def __init__(self, answerer: Answerer, folder: Path, name: str) -> None:
        self._answerer = answerer
        self._kept = Kept(folder, [name])

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order (see ``Answerer``)."""
        examples = as_examples(prompts, "")

        def ask(missing: list[int], keep: Keep) -> None:
            progress(len(examples) - len(missing))
            for start in range(0, len(missing), _AT_ONCE):
                part = missing[start : start + _AT_ONCE]
                made = self._answerer.answer([examples[number] for number in part], sampling, progress)
                for number, one in zip(part, made, strict=True):
                    keep(number, asdict(one))

        told = [[one.id, one.instruction, one.input] for one in examples]
        return [Answer(**value) for value in self._kept.each("answer", told, asdict(sampling), ask)]

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return likelihoods (see ``Answerer``)."""
        return self._answerer.score(prompts, responses, progress)

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods of labels (see ``Answerer``)."""
        return self._answerer.rank(prompts, labels, progress, reasoning)
