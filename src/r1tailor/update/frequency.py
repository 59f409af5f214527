"""How often training has seen what an item is about: its label, output, field, or cluster of similar questions."""

from collections import Counter
from collections.abc import Callable, Sequence

from r1tailor.config_messages import did_you_mean
from r1tailor.domain.answers import folded, label_in
from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.update.alike import near_questions
from r1tailor.update.voter import Voter

BY = ("auto", "label", "output", "cluster")
_REPEATED = 2  # examples to an output, on average, from which outputs are counted


def frequencies(
    examples: Sequence[Example], train: Sequence[Example], count_by: str, similarity: float, voter: Voter
) -> tuple[str, list[int]]:
    """Return what is counted, and for each example how many training examples share it.

    Args:
        examples: answers included.
        train: all earlier training examples.
        count_by: ``auto``, ``label``, ``output``, ``cluster`` or the name of a field.
        similarity: of a cluster.
        voter: the closed sets.

    Raises:
        ConfigError: no example has a field of that name; lists those there are.
    """
    by = _chosen(count_by, [*examples, *train], train, voter)
    if by == "cluster":
        rows = Counter(row for row, _ in near_questions(examples, train, similarity))
        return by, [rows[row] for row in range(len(examples))]
    key = _key(by, voter)
    counted = Counter(key(example) for example in train)
    return by, [counted[key(example)] for example in examples]


def _chosen(count_by: str, every: Sequence[Example], train: Sequence[Example], voter: Voter) -> str:
    if count_by == "auto":
        outputs = {folded(example.output) for example in train}
        if outputs and len(train) >= _REPEATED * len(outputs):
            return "output"
        return "label" if train and all(map(voter.labels_of, train)) else "cluster"
    if count_by not in BY and every and not any(count_by in example.fields for example in every):
        known = [*BY, *sorted({name for example in every for name in example.fields})]
        raise ConfigError(
            [
                f"update.select.count_by = {count_by!r}: must be one of {', '.join(known)}."
                f"{did_you_mean(count_by, known)}"
            ]
        )
    return count_by


def _key(by: str, voter: Voter) -> Callable[[Example], str]:
    match by:
        case "label":
            return lambda example: label_in(example.output, voter.labels_of(example)) or folded(example.output)
        case "output":
            return lambda example: folded(example.output)
    return lambda example: str(example.fields.get(by))
