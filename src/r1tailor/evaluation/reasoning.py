"""How models think: how often, how long, and how often a block of reasoning does not end within its budget.

Nothing of it is measured where no model opens a block and no template does.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from r1tailor.evaluation.metrics import KINDS, ItemMetric
from r1tailor.evaluation.resampling import Array
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.records import Prediction
from r1tailor.thinking import parted

THINK_RATE, LENGTH, TRUNCATED, ANSWER_CUT = "think_rate", "reasoning_tokens", "truncated", "answer_cut"


class MedianTokens(ItemMetric):
    """The median of lengths in tokens; NaN without any.

    Args:
        longest: the longest length there is, in all models that are compared.
    """

    higher_is_better = None

    def __init__(self, longest: int) -> None:
        super().__init__(width=longest + 1)

    def update(self, lengths: Sequence[int | None]) -> None:
        """Add the lengths of some answers; None for one that does not count."""
        rows = np.zeros((len(lengths), self.width))
        for row, length in zip(rows, lengths, strict=True):
            if length is not None:
                row[length] = 1
        self._keep(rows)

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return the medians [...] of counts by length [..., longest + 1]."""
        below = sums.cumsum(axis=-1)
        total = below[..., -1:]
        middle = ((below >= total / 2).argmax(axis=-1) + (below > total / 2).argmax(axis=-1)) / 2
        return np.where(total[..., 0] > 0, middle, np.nan)


def measured(models: Mapping[str, Sequence[Prediction]]) -> dict[str, dict[str, ItemMetric]]:
    """Return how each model thinks, by metric; nothing where none has a block of reasoning in any answer."""
    made = {name: [one for item in found for one in item.drawn] for name, found in models.items()}
    if not any(_has_block(one) for found in made.values() for one in found):
        return {name: {} for name in models}
    longest = max(one.reasoning_tokens for found in made.values() for one in found)
    each = {name: len(found[0].drawn) if found else 1 for name, found in models.items()}
    return {name: _of_one(found, longest, each[name]) for name, found in made.items()}


def notes(models: Mapping[str, Sequence[Prediction]], *, ranked: bool, rank_after: str) -> list[str]:
    """Return what people should know of these figures, a sentence each."""
    answers = [one for found in models.values() for item in found for one in item.drawn]
    told = []
    if ranked and any(map(_has_block, answers)):
        after = "the block that the model wrote" if rank_after == "reasoning" else "an empty block of reasoning"
        told.append(f"labels are ranked after {after} (evaluation.rank_after: {rank_after})")
    for name, found in models.items():
        cut = Counter(one.truncated for item in found for one in item.drawn)
        total = cut.total()
        if cut["reasoning"]:
            told.append(
                f"{name}: {cut['reasoning']:,} of {total:,} answers did not end their reasoning within "
                "evaluation.max_reasoning_tokens"
            )
    return told


def lines(models: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> list[str]:
    """Return how each model thinks as lines of at most 80 columns, from the metrics of an evaluation."""
    thinking = {name: found for name, found in models.items() if THINK_RATE in found}
    if not thinking:
        return []
    names = (THINK_RATE, LENGTH, TRUNCATED)
    head = f"  {'reasoning':<14}" + "".join(f"{title:<22}" for title in ("think rate", "tokens, median", "truncated"))
    rows = [f"  {name[:13]:<14}" + "".join(f"{_cell(found.get(key), key):<22}" for key in names)
            for name, found in thinking.items()]  # fmt: skip
    return [line.rstrip() for line in (head, *rows)]


def _of_one(answers: Sequence[Prediction], longest: int, each: int) -> dict[str, ItemMetric]:
    kind = KINDS["proportion" if each == 1 else "mean"]
    thinks = [bool(parted(one.generated)[0]) for one in answers]
    length = MedianTokens(longest)
    length.update([one.reasoning_tokens if does else None for one, does in zip(answers, thinks, strict=True)])
    shares = {
        THINK_RATE: thinks,
        TRUNCATED: [one.truncated == "reasoning" for one in answers],
        ANSWER_CUT: [one.truncated == "answer" for one in answers],
    }
    found: dict[str, ItemMetric] = {}
    for name, values in shares.items():
        metric = kind()
        metric.update([float(value) for value in values])
        found[name] = metric
    if any(thinks):  # the length of reasoning that never was is not measured
        found = {THINK_RATE: found[THINK_RATE], LENGTH: length} | found
    for one in found.values():
        one.cluster_each(each)
    return found


def _has_block(made: Prediction) -> bool:
    return made.generated.lstrip().startswith(THINK) or END_THINK in made.generated


def _cell(entry: Mapping[str, float | None] | None, name: str) -> str:
    if entry is None or entry["value"] is None:  # no answer has a block
        return "-"
    digits = 0 if name == LENGTH else 3
    value, low, high = (f"{entry[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
