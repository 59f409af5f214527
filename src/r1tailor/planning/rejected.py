"""What training makes of rejected answers: said before it begins."""

from collections.abc import Sequence

from r1tailor.records import Example
from r1tailor.schema.objective import Preference
from r1tailor.schema.settings import Settings


def told(settings: Settings, examples: Sequence[Example]) -> list[str]:
    """Return a line on the training examples with a rejected answer; none where there is none."""
    count, wanted = sum(bool(example.rejected) for example in examples), settings.objective
    if not count:
        return []
    if not isinstance(wanted, Preference):
        return [
            f"pairs: {count:,} of {len(examples):,} training examples have a rejected answer, which objective.kind = "
            f"{wanted.kind} does not read; objective=preference does"
        ]
    others = "by the supervised loss alone" if wanted.supervised else "nothing (objective.supervised = 0)"
    alone = f"; the other {len(examples) - count:,} teach {others}" if count < len(examples) else ""
    return [f"pairs: {count:,} of {len(examples):,} training examples have a rejected answer{alone}"]
