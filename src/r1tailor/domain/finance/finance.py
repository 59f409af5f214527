"""Finance: a window of market data as known on a day -> its trend, its volatility, the risk ahead, what to do.

Every few trading days is a day of decision. What the model reads (the window, or its features as text) follows from
the snapshot of that day alone; outcomes follow from everything known by now and appear in answers and ``fields``
only. A day with too little history, or too few days after it, makes no example. With ``mask`` the prompts name neither
index nor date: a language model may have read what came next.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from r1tailor import config
from r1tailor.domain.answers import label_in
from r1tailor.domain.base import Domain, answer_of, coverage, written
from r1tailor.domain.finance import library
from r1tailor.domain.finance.crises import Crisis, beyond, crises
from r1tailor.domain.finance.features import BEFORE, FEWEST, Features, channels, described, legend, series, summary
from r1tailor.domain.finance.forward_labels import Outcome, outcomes
from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.settings import CrisisEvent, FinanceDomain, MarketTask, Series
from r1tailor.domain.finance.snapshot import Market, Snapshot, snapshot
from r1tailor.domain.finance.tasks import answer
from r1tailor.domain.finance.words import words_of
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Example, Prediction

Window = tuple[tuple[float, ...], ...]


class Finance(Domain):
    """Questions about a market over the documents of ``sources/bars.py`` and ``sources/market``."""

    settings: FinanceDomain

    def __init__(self, settings: FinanceDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._words = words_of(settings.language)
        self._market = _market(settings, documents)
        self._closes = self._market.index.latest()
        self.across_holes = 0  # days of decision that `examples` left out

    def examples(self) -> Iterator[Example]:
        """Yield one example for each day of decision and each task, in the order of time.

        ``fields`` hold ``task``, ``level`` (its place among the tasks, from 1), ``date``, ``label``, ``terms`` (of the
        risk vocabulary in its reason), ``features`` and ``factors`` at that day, and what followed: ``return_next`` and
        ``drawdown_next`` (see ``forward_labels.py``), ``label_until`` (the last day that the label looks at).
        ``volatility`` is that of the trailing month.

        Raises:
            ConfigError: the crisis library has faults.
            DataError: no day has enough history and enough days after it.
        """
        _ = self._library  # its faults stop a run before anything is trained
        task, found, self.across_holes = self.settings.task, False, 0
        for number, outcome in enumerate(outcomes(self._closes, task.every_days, task.horizon_days)):
            if outcome.date < self._held_out_from and number % task.train_every:
                continue
            if (known := self._snapshot(outcome.date)) is not None:
                if self._spans_hole(known, outcome):
                    self.across_holes += 1
                    continue
                found = True
                yield from self._asked(known, outcome)
        if self.documents and not found and self.across_holes:
            raise DataError(
                f"domain {self.settings.name}: each of the {self.across_holes:,} days of decision has a hole of more "
                f"than {task.longest_gap_days} days in its window or horizon (domain.task.longest_gap_days)"
            )
        if self.documents and not found:
            raise DataError(
                f"domain {self.settings.name}: {len(self._closes.events):,} days of the index are too few: an example "
                f"needs {self._fewest} up to it and {task.horizon_days} after it (domain.task: window, horizon_days)"
            )

    def labels_of(self, example: Example) -> tuple[str, ...]:
        """Return the labels of the example's task."""
        task: MarketTask = example.fields["task"]
        return self._words.labels[task]

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer by the metrics of its task; risk and allocation also by the terms their reason names."""
        task, label = example.fields["task"], example.fields["label"]
        given = answer_of(prediction.generated)
        scores = {
            f"{task}_accuracy": float(label_in(given, self.labels_of(example)) == label),
            f"{task}_accuracy_ranked": float(prediction.ranked == label),
        }
        terms = example.fields["terms"]
        return scores | coverage("risk_vocabulary_coverage", terms, given)

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent label of each task, side by side: an answer is read for its own task's labels."""
        tasks = dict.fromkeys(example.fields["task"] for example in train)
        counts = (Counter(e.fields["label"] for e in train if e.fields["task"] == task) for task in tasks)
        return ". ".join(count.most_common(1)[0][0] for count in counts)

    def levels(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Return the trading days (ISO dates) and the index's close on each, as known by now."""
        return tuple(map(str, self._closes.events)), tuple(self._closes.values[:, 0].tolist())

    def crises(self) -> tuple[Crisis, ...]:
        """Return the crises of the index, in order.

        Raises:
            ConfigError: the library has faults, or events are asked for and it has none of the index's market.
        """
        closes = self._closes
        return crises(
            closes.events, closes.values[:, 0], self.settings.task.crises, self._library, self.settings.market
        )

    def beyond(self) -> tuple[str, ...]:
        """Return the events of the index's market that its bars do not reach, each as ``name (start)``."""
        found = beyond(self._closes.events, self._library, self.settings.market)
        return tuple(f"{event.name} ({event.start})" for event in found)

    @cached_property
    def _library(self) -> tuple[CrisisEvent, ...]:
        settings, market = self.settings.task.crises, self.settings.market
        found = library.events(settings, config.ROOT)
        if settings.labels == "events" and not any(event.market in (None, market) for event in found):
            there = ", ".join(sorted({event.market or "any" for event in found})) or "none"
            name = market or "not named (bars.market of its source)"
            raise ConfigError(
                [
                    f"domain.task.crises.labels = events: the library has no event of the index's market, which is "
                    f"{name}; its markets are {there}"
                ]
            )
        return found

    def features_at(self, date: str) -> Features:
        """Return the features of a day, of what was known at its end; None for what was not.

        Raises:
            DataError: too little of the index was known.
        """
        known, task = self._known(date), self.settings.task
        return summary(known, channels(known), task.window, task.normalise_days)

    def questions_at(self, day: str) -> list[Example]:
        """Return one example without an answer for each task, as ``examples`` asks on the last trading day up to a day.

        Args:
            day: ISO date; what was known at its end is read.

        Raises:
            DataError: too little of the index was known.
        """
        known = self._known(day)
        decision = str(known.days[-1])
        return [
            Example(
                f"{name}/{decision}", instruction, text, "", fields={"task": name}, available_at=decision, series=read
            )
            for name, instruction, text, read in self._prompts(known, decision)
        ]

    @property
    def _held_out_from(self) -> str:
        boundaries = self.settings.split.boundaries
        return boundaries.validation if boundaries else ""

    def remarks(self) -> list[str]:
        """Return how many days of decision were left out for a hole, and which events the bars do not reach."""
        unreached = ", ".join(self.beyond())
        return [*self._holes(), *([f"beyond the bars of the index: {unreached}"] if unreached else [])]

    def _holes(self) -> list[str]:
        if not self.across_holes:
            return []
        gap = self.settings.task.longest_gap_days
        return [
            f"{self.across_holes:,} days of decision have a hole of more than {gap} days in window or horizon and were "
            "left out (domain.task.longest_gap_days)"
        ]

    def _spans_hole(self, known: Snapshot, outcome: Outcome) -> bool:
        longest = self.settings.task.longest_gap_days
        if longest is None:
            return False
        ahead = self._closes.events
        days = np.concatenate(
            [
                known.days[-self.settings.task.window :],
                ahead[(ahead > known.days[-1]) & (ahead <= np.datetime64(outcome.label_until))],
            ]
        )
        return bool((np.diff(days) > np.timedelta64(longest, "D")).any())

    @property
    def _fewest(self) -> int:
        return max(self.settings.task.window, FEWEST)

    def _known(self, date: str) -> Snapshot:
        known = self._snapshot(date)
        if known is None:
            raise DataError(f"domain {self.settings.name}: on {date} fewer than {self._fewest} closes were known")
        return known

    def _snapshot(self, date: str) -> Snapshot | None:
        known = snapshot(self._market, date, self.settings.task.normalise_days + BEFORE)
        return known if len(known.days) >= self._fewest else None

    def _asked(self, known: Snapshot, outcome: Outcome) -> Iterator[Example]:
        task = self.settings.task
        features = summary(known, channels(known), task.window, task.normalise_days)
        kept = outcome.as_fields() | {"features": features, "factors": dict(known.factors)}
        kept["volatility"] = features["volatility_21"]
        for level, (name, instruction, text, read) in enumerate(self._prompts(known, outcome.date), start=1):
            right = answer(name, features, outcome.drawdown_next, task.thresholds, self._words)
            yield Example(
                id=f"{name}/{outcome.date}",
                instruction=instruction,
                input=text,
                output=written(task, {"label": right.label, "reason": right.reason}),
                group=outcome.date,
                fields={"task": name, "level": level, "label": right.label, "terms": list(right.terms), **kept},
                available_at=outcome.date,
                series=read,
            )

    def _prompts(self, known: Snapshot, date: str) -> Iterator[tuple[MarketTask, str, str, Window]]:
        """Yield task, instruction, input and window of each question on a day of decision."""
        task, daily = self.settings.task, channels(known)
        if task.numbers_as_text:
            read: Window = ()
            features = summary(known, daily, task.window, task.normalise_days)
            numbers, meaning = described(features, self._words), legend(self._words)
        else:
            read = series(daily, task.channels, task.window, task.normalise_days)
            numbers, meaning = "", ""
        text = "\n".join(filter(None, [self._context(date), numbers]))
        for name in task.tasks:
            yield name, " ".join(filter(None, [task.instruction, task.questions[name], meaning])), text, read

    def _context(self, date: str) -> str:
        """Return the line before the numbers: with names and dates only where they are not masked."""
        task = self.settings.task
        named = "" if task.mask else self._words.named.format(index=self._market.index.names[0], date=date)
        return named + self._words.context.format(days=task.window)


def _market(settings: FinanceDomain, documents: Sequence[Document]) -> Market:
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)

    def opened(role: str, wanted: Series) -> PointInTime:
        return _series(settings.name, role, wanted, by_source.get(wanted.source, []))

    market = settings.task.market
    index = opened("index", market.index)
    _refuse_impossible(settings.name, index)
    others = {role: getattr(market, role) for role in ("stocks", "credit", "factors")}
    return Market(index, **{role: opened(role, wanted) for role, wanted in others.items() if wanted})


def _series(domain: str, role: str, wanted: Series, documents: Sequence[Document]) -> PointInTime:
    """Return the series of one role.

    Raises:
        DataError: there are no documents of their source, or none that says anything of one of them.
    """
    where = f"domain.task.market.{role}"
    if not documents:
        raise DataError(f"domain {domain}: there is no document of source {wanted.source} ({where})")
    found = PointInTime.of(documents, wanted.series)
    empty = [name for column, name in enumerate(found.names) if np.isnan(found.values[:, column]).all()]
    if empty:
        there = sorted({name for document in documents for name in document.fields["values"]})
        raise DataError(
            f"domain {domain}: source {wanted.source} has no series {', '.join(empty)} ({where}); "
            f"there are {', '.join(there)}"
        )
    return found


def _refuse_impossible(domain: str, index: PointInTime) -> None:
    """Refuse closes that cannot be: every feature is a ratio of them."""
    wrong = np.flatnonzero(~(index.values[:, 0] > 0))
    if len(wrong):
        day: Any = index.events[wrong[0]]
        raise DataError(f"domain {domain}: the index has no close above 0 on {day} (domain.task.market.index)")
