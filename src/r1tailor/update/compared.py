"""Champion and candidate on the same items: the gates of held-out items, of earlier days, of the day, and of groups."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from r1tailor.domain import Domain
from r1tailor.instruction.template import THINK
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import CHAMPION
from r1tailor.schema.settings import Settings
from r1tailor.schema.update import Prove
from r1tailor.update import gates
from r1tailor.update.day import CORRECTION
from r1tailor.update.gates import Gate
from r1tailor.update.paired import Paired, paired

CANDIDATE = "tuned"
LIKELIHOOD = "log_likelihood"
_GROUP = 20  # items that a group must have to be looked at
Made = Mapping[str, Mapping[str, Prediction]]  # who -> item -> prediction, with its scores


def metric_of(settings: Settings, items: Sequence[Example], made: Made) -> str:
    """Return what decides on some items: the domain's first goal that is scored item by item, else its first metric.

    Where answers have no score it is the log-likelihood of the reference, in nats per token.
    """
    scored = list(dict.fromkeys(name for item in items for name in made[CHAMPION][item.id].scores))
    named = [goal.metric for goal in settings.domain.goals if goal.at_least is not None]
    return next((name for name in (*named, *scored) if name in scored), LIKELIHOOD)


def difference(metric: str, items: Sequence[Example], made: Made, to: str = CHAMPION) -> Paired:
    """Return the paired differences of the candidate by a metric, on the items that have a score of it."""
    both = [(item, made[to][item.id], made[CANDIDATE][item.id]) for item in items]
    if metric == LIKELIHOOD:
        kept = [(item, _likelihood(one), _likelihood(other)) for item, one, other in both]
    else:
        kept = [(i, one.scores[metric], other.scores[metric]) for i, one, other in both if metric in one.scores]
    return paired([item for item, _, _ in kept], [one for _, one, _ in kept], [other for _, _, other in kept])


def _likelihood(made: Prediction) -> float:
    return made.log_likelihood / max(made.tokens, 1)


def compared(
    settings: Settings, sets: Mapping[str, Sequence[Example]], made: Made, wanted: Prove, at: float, seed: int
) -> list[Gate]:
    """Return the gates of held-out items, of earlier days (all together, and each) and of the day."""
    days = {name: members for name, members in sets.items() if name.startswith("earlier/")}
    grouped = {"held_out": sets["held_out"], "earlier": _all(days), "day": sets["day"]}
    metrics = {name: metric_of(settings, members, made) for name, members in grouped.items()}
    differences = {name: difference(metrics[name], members, made) for name, members in grouped.items()}
    found = []
    for name, members in grouped.items():
        metric, own = metrics[name], differences[name]
        if name in wanted.improve:
            corrected = any(item.id.startswith(CORRECTION) for item in members)
            found.append(gates.better(name, metric, own, at, seed, differences["held_out"] if corrected else None))
        else:
            margin = getattr(wanted.margins, name)
            found.append(gates.not_worse(name, metric, own, margin, seed, strict=name == "held_out"))
        if name == "earlier" and days:
            each = {day.removeprefix("earlier/"): difference(metric, items, made) for day, items in days.items()}
            found.append(gates.none_harmed("earlier, each day", metric, each, seed))
    return found


def each_group(settings: Settings, domain: Domain, items: Sequence[Example], made: Made, seed: int) -> Gate:
    """Return whether no group of the held-out items is harmed: those with one answer, or one value of a field.

    Groups with the same items count once: each more takes power from the test.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for item in items:
        values = {**item.fields, "answer": domain.vote(item, item.output)}
        for name, value in values.items():
            if isinstance(value, str):
                groups[f"{name} = {value:.60}"].append(item)
    different = {tuple(one.id for one in found): name for name, found in groups.items()}
    metric = metric_of(settings, items, made)
    large = {
        name: difference(metric, groups[name], made)
        for ids, name in different.items()
        if _GROUP <= len(ids) < len(items)
    }
    if not large:
        return gates.told("held_out, each group", f"no group has {_GROUP} items")
    return gates.none_harmed("held_out, each group", metric, large, seed)


def _all(sets: Mapping[str, Sequence[Example]]) -> list[Example]:
    return list({one.id: one for members in sets.values() for one in members}.values())


def thinking(items: Sequence[Example], made: Made, margin: float, seed: int) -> Gate:
    """Return whether the candidate still thinks as often as the champion; nothing where neither does."""
    rates = [[float(THINK in made[who][item.id].generated) for item in items] for who in (CHAMPION, CANDIDATE)]
    if not any(map(any, rates)):
        return gates.told("thinking", "neither model reasons")
    return gates.not_worse("thinking", "think_rate", paired(items, *rates), margin, seed)
