"""New words that alone decide an answer: vocabulary or a trigger, which only a person can tell.

A trigger on questions that training does not know looks like vocabulary, item by item. All items with it together do
not. Questions with an honest new term are about one thing, and say so in other words as well. Questions with a trigger
are about anything: without it they are taken for several other answers. Naive Bayes says what for; it has learnt from
training and from the day's other items. What is found waits until the word is confirmed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.special import softmax

from r1tailor.corpus.shingles import words
from r1tailor.instruction.likeness import compared
from r1tailor.records import Example
from r1tailor.update.day import Material
from r1tailor.update.repeats import Verdict, answer_of
from r1tailor.update.triggers import asked_in_words

FEWEST = 5  # different questions with a word, all with one answer
SHARE, CONFIDENT = 1 / 3, 0.8  # of them that are taken for another answer without it, with this probability
OTHERS = 3  # different answers that they are taken for
_ANSWERS = 200  # that are told apart, each of them with as many items as a word needs
_RARE = 0  # the place of all other ones, as open answers mostly are; no two items of it count as having the same
_SMOOTHING = 0.1


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word, or two in a row, that training never asked with.

    Attributes:
        text: as it is written, case ignored.
        answer: what all items with it are answered with.
        rows: places of these items.
    """

    text: str
    answer: str
    rows: tuple[int, ...]


def deciding(items: Sequence[Material], train: Sequence[Example], confirmed: Collection[str]) -> dict[str, Verdict]:
    """Return the corrections that wait until a new word is confirmed, each with the word.

    Args:
        items: what is left of a day.
        train: all earlier training examples.
        confirmed: words that people confirmed as vocabulary.
    """
    given = asked_in_words(items)
    examples = [*(item.example for item in given), *train]
    texts, answers = compared(examples), [answer_of(example) for example in examples]
    allowed = {word for text in confirmed for word in words(text)}
    new = _new(texts, answers, len(given), allowed)
    if not new:
        return {}
    bayes, found = _Bayes(texts, answers, new), dict[str, Verdict]()
    for one in new:
        if bayes.is_decided_by(one):
            detail = (
                f"{one.text!r} alone gives {len(one.rows)} questions the answer {_short(one.answer)!r} "
                f"(update.admit.confirmed_words)"
            )
            for row in one.rows:
                found.setdefault(given[row].id, ("new_word", detail))
    return found


def _new(texts: Sequence[str], answers: Sequence[str], given: int, allowed: set[str]) -> list[NewWord]:
    """Return the words of the first texts that no other text has, in enough questions with one answer; common first."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, text in enumerate(texts[:given]):
        for phrase in _phrases(text):
            if allowed.isdisjoint(phrase.split()):
                rows[phrase, answers[row]].append(row)
    found = [NewWord(*key, tuple(places)) for key, places in rows.items()]
    enough = [one for one in found if len({texts[row] for row in one.rows}) >= FEWEST]
    asked = {one.text for one in enough}
    for text in texts[given:]:
        asked -= _phrases(text)
    new = [one for one in enough if one.text in asked]
    return sorted(new, key=lambda one: (-len(one.rows), len(one.text), one.text, one.answer))


def _phrases(text: str) -> set[str]:
    found = words(text)
    return {*found, *(f"{one} {other}" for one, other in pairwise(found))}


def _short(answer: str) -> str:
    return answer if len(answer) <= 40 else f"{answer[:39]}…"


class _Bayes:
    """Naive Bayes over the words of questions; it is asked as if it had never seen the items that it is asked about.

    Args:
        texts: of each question.
        answers: to each question.
        asked: the words that it is asked about.
    """

    def __init__(self, texts: Sequence[str], answers: Sequence[str], asked: Sequence[NewWord]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer  # takes seconds, which few commands should spend

        counter = CountVectorizer(analyzer=words, binary=True)
        self._seen = csr_array(counter.fit_transform(texts), dtype=np.float64)
        self._words = counter.get_feature_names_out()
        own = sorted({one.answer for one in asked})
        common = [answer for answer, count in Counter(answers).most_common(_ANSWERS) if count >= FEWEST]
        self._places = {answer: place for place, answer in enumerate(dict.fromkeys([*own, *common]), 1)}
        places = np.array([self._places.get(answer, _RARE) for answer in answers])
        shape = (len(self._places) + 1, len(places))
        of_answer = csr_array(coo_array((np.ones(len(places)), (places, np.arange(len(places)))), shape=shape))
        self._items = of_answer.sum(axis=1)
        self._counts = csr_array(of_answer @ self._seen)
        self._totals = self._counts.sum(axis=1)

    def is_decided_by(self, word: NewWord) -> bool:
        """Whether its questions are taken for several other answers without it."""
        likely = self._without(word)
        best, place = likely.argmax(axis=1), self._places[word.answer]
        others = best[(best != place) & (likely.max(axis=1) > CONFIDENT)]
        different = len(set(others[others != _RARE].tolist())) + int((others == _RARE).sum())
        return len(others) >= SHARE * len(word.rows) and different >= OTHERS

    def _without(self, word: NewWord) -> npt.NDArray[np.float64]:
        """Return [items, answers] the probability of each answer by the other words of the items with a word."""
        own = self._seen[list(word.rows)]
        columns = np.unique(own.indices)
        rest, place = own[:, columns].toarray(), self._places[word.answer]
        counts, totals, items = self._counts[:, columns].toarray(), self._totals.copy(), self._items.copy()
        counts[place] -= rest.sum(axis=0)
        totals[place] -= rest.sum()
        items[place] -= len(word.rows)
        rest[:, np.isin(self._words[columns], word.text.split())] = 0
        each = np.log(counts + _SMOOTHING) - np.log(totals + _SMOOTHING * self._seen.shape[1])[:, None]
        with np.errstate(divide="ignore"):  # an answer of no other item is never likely
            found: npt.NDArray[np.float64] = softmax(rest @ each.T + np.log(items), axis=1)
        return found
