"""Gold labels from votes: more than half decides, an adjudicator decides ties, and every vote is kept.

Each record holds the rule by which an aspect was decided: ``unanimous``, ``majority``, ``one vote``, ``adjudicated``,
or ``undecided`` for a tie that no adjudicator has seen, where the labels of the aspect stay empty. The order of the
votes does not matter.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal, TypeVar

from r1tailor.records import Annotation, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme

Rule = Literal["unanimous", "majority", "one vote", "adjudicated", "undecided"]
Merge = Literal["exact", "overlap"]
Decided = TypeVar("Decided", Span, Relation, str)


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """The gold labels of one document.

    Attributes:
        document: the document's id.
        labels: the decided labels; empty for an undecided aspect.
        rules: by aspect (``spans``, ``relations``, the name of a question), how it was decided.
        votes: all of them, with annotator, time and labels.
        decision: the adjudicator's labels; None without one.
    """

    document: str
    labels: Labels
    rules: dict[str, Rule]
    votes: tuple[Annotation, ...]
    decision: Annotation | None

    @property
    def undecided(self) -> bool:
        """Whether an aspect waits for an adjudicator."""
        return "undecided" in self.rules.values()

    @property
    def disagreement(self) -> float | None:
        """The share of pairs of votes that differ in spans, relations or answers; None for a single vote."""
        said = [(vote.labels.spans, vote.labels.relations, vote.labels.answers) for vote in self.votes]
        pairs = list(combinations(said, 2))
        return sum(one != other for one, other in pairs) / len(pairs) if pairs else None

    def as_field(self) -> dict[str, Any]:
        """Return the labels, their rules and the disagreement as plain JSON values, for a document's fields."""
        return {
            "spans": [asdict(span) for span in self.labels.spans],
            "relations": [asdict(relation) for relation in self.labels.relations],
            "answers": {question: list(values) for question, values in self.labels.answers.items()},
            "rules": dict(self.rules),
            "disagreement": self.disagreement,
        }


def adjudicate(
    votes: Sequence[Annotation], decision: Annotation | None, scheme: OwnScheme, merge: Merge
) -> Adjudicated:
    """Return the gold labels of one document.

    Args:
        votes: one or more, one per annotator, none of them cancelled.
        decision: the adjudicator's labels; used for aspects that the votes leave tied.
        scheme: the aspects.
        merge: when two spans count as one (``schema.Annotation``).
    """
    votes = sorted(votes, key=lambda vote: vote.annotator)
    said = decision.labels if decision else None
    rules: dict[str, Rule] = {}
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    if scheme.spans:
        stand_in = _stand_ins([span for vote in votes for span in vote.labels.spans], merge)
        voted = [{stand_in[span] for span in vote.labels.spans} for vote in votes]
        spans, rules["spans"] = _settled(voted, said.spans if said else None)
        if scheme.relations:
            ends = [{_moved(relation, stand_in) for relation in vote.labels.relations} for vote in votes]
            standing = [{r for r in of_vote if {r.head, r.tail} <= set(spans)} for of_vote in ends]
            relations, rules["relations"] = _settled(standing, said.relations if said else None)
            if rules["spans"] in ("adjudicated", "undecided"):  # relations depend on their spans
                relations, rules["relations"] = said.relations if said else (), rules["spans"]
    answers: dict[str, tuple[str, ...]] = {}
    for question in scheme.questions:
        given = [set(vote.labels.answers[question.name]) for vote in votes if question.name in vote.labels.answers]
        decided = said.answers.get(question.name) if said else None
        if given or decided:
            answers[question.name], rules[question.name] = _answered(given, decided, question.multiple)
    labels = Labels(spans, relations, answers)
    return Adjudicated(votes[0].document, labels, rules, tuple(votes), decision)


def _settled(voted: Sequence[set[Decided]], decided: tuple[Decided, ...] | None) -> tuple[tuple[Decided, ...], Rule]:
    """Return the labels that more than half of the votes hold, and the rule; a tie goes to the decision."""
    supporters = Counter(label for of_vote in voted for label in of_vote)
    if any(2 * count == len(voted) for count in supporters.values()):
        return (decided, "adjudicated") if decided is not None else ((), "undecided")
    gold = tuple(sorted(label for label, count in supporters.items() if 2 * count > len(voted)))
    if len(voted) == 1:
        return gold, "one vote"
    return gold, "unanimous" if all(count == len(voted) for count in supporters.values()) else "majority"


def _answered(
    given: Sequence[set[str]], decided: tuple[str, ...] | None, multiple: bool
) -> tuple[tuple[str, ...], Rule]:
    """Return the answer and the rule; a single-answer question is also tied where no answer has more than half."""
    gold, rule = _settled(given, decided) if given else ((), "undecided")
    if rule in ("adjudicated", "undecided") or gold or multiple:
        return gold, rule
    return (decided, "adjudicated") if decided is not None else ((), "undecided")


def _moved(relation: Relation, stand_in: dict[Span, Span]) -> Relation:
    return Relation(stand_in[relation.head], stand_in[relation.tail], relation.label)


def _stand_ins(drawn: Sequence[Span], merge: Merge) -> dict[Span, Span]:
    """Return for each span the one that stands for it: itself, or the span of its cluster that was drawn most often.

    A cluster is a set of spans of one label that are connected by overlaps. Of spans drawn equally often the longest
    is taken, then the first.
    """
    if merge == "exact":
        return {span: span for span in drawn}
    clusters: list[list[Span]] = []
    for span in sorted(drawn, key=lambda span: (span.label, span.start, span.end)):
        last = clusters[-1] if clusters else []
        if last and last[0].label == span.label and span.start < max(other.end for other in last):
            last.append(span)
        else:
            clusters.append([span])
    return {span: _most_drawn(cluster) for cluster in clusters for span in cluster}


def _most_drawn(cluster: Sequence[Span]) -> Span:
    times = Counter(cluster)
    return max(times, key=lambda span: (times[span], span.end - span.start, -span.start))
