"""An answerer outside this process whose answers are kept until the attack is finished.

A model in this process has the cache of all predictions. A server may put another model behind the same name, so what
it answered is kept for the one run that was interrupted: ``run.attack`` removes the folder when it has finished.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from r1tailor.inference import GREEDY, Answer, Answerer, Prompt, Sampling
from r1tailor.inference.answerer import Progress, as_examples, silent
from r1tailor.inference.kept import Keep, Kept
from r1tailor.inference.lazily import Lazily

_AT_ONCE = 32  # prompts whose answers are kept together


class Resumed(Lazily):
    """An ``Answerer`` that is not asked again what it answered before the interruption.

    Args:
        answerer: that is asked.
        folder: of what it answered.
        name: of the model.
    """

    def __init__(self, answerer: Answerer, folder: Path, name: str) -> None:
        super().__init__(lambda: answerer)
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
                made = self.answerer.answer([examples[number] for number in part], sampling, progress)
                for number, one in zip(part, made, strict=True):
                    keep(number, asdict(one))

        told = [[one.id, one.instruction, one.input] for one in examples]
        return [Answer(**value) for value in self._kept.each("answer", told, asdict(sampling), ask)]
