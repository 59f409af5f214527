"""A closed set of answers: odd spellings are folded onto it, and what lies outside it is never trained in silence."""

from collections import Counter

from r1tailor.errors import DataError
from r1tailor.schema.domain import Task

_BETWEEN = ", "  # of several labels that people chose for one document
_SHOWN, _LONGEST = 10, 60


class ClosedSet:
    """The labels of a task, and what was found outside them.

    Attributes:
        outside: answers outside the set, and how many examples have each.
    """

    def __init__(self, task: Task) -> None:
        self._rules, self._labels = task.label_rules, task.labels or ()
        self._by_fold = {self._folded(label): label for label in self._labels}
        self._by_fold |= {self._folded(odd): label for odd, label in task.label_rules.map.items()}
        self._first = ""
        self.outside: Counter[str] = Counter()

    def label(self, answer: str, id_: str, *, several: bool = False) -> str | None:
        """Return the label that an answer is; the answer itself where there is no closed set, None if it is outside.

        Args:
            answer: as it is written.
            id_: of its document.
            several: whether it may be a list of labels, which people chose together.
        """
        if not self._labels:
            return answer
        found = self._found(answer)
        if found is None and several:
            parts = [self._found(part) for part in answer.split(_BETWEEN)]
            found = _BETWEEN.join(filter(None, parts)) if all(parts) else None
        if found is None:
            self._first = self._first or id_
            self.outside[answer.strip() if self._rules.strip else answer] += 1
        return found

    def _found(self, answer: str) -> str | None:
        return answer if answer in self._labels else self._by_fold.get(self._folded(answer))

    def _folded(self, text: str) -> str:
        text = " ".join(text.split()) if self._rules.strip else text
        return text.casefold() if self._rules.fold_case else text

    def settle(self, domain: str) -> None:
        """Stop over answers outside the set, or say how many examples were left out for them.

        Raises:
            DataError: there are some, and the rules say to stop.
        """
        if not self.outside:
            return
        listed = ", ".join(f"{answer[:_LONGEST]!r} ({count:,})" for answer, count in self.outside.most_common(_SHOWN))
        more = f" and {len(self.outside) - _SHOWN:,} more" if len(self.outside) > _SHOWN else ""
        said = f"{self.outside.total():,} answers are none of domain.task.labels: {listed}{more}"
        if self._rules.outside == "stop":
            raise DataError(
                f"domain {domain}: {said}; the first is of document {self._first}. Map them in "
                "domain.task.label_rules.map, add them to domain.task.labels, or leave such examples out: "
                "domain.task.label_rules.outside=drop"
            )
        print(f"{domain}: {said}; these examples are left out")
