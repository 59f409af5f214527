"""How sure it is that an item's answer is right: a person's word, a verifier's pass, agreement of draws, likelihood.

What people gave is certain: corrections, gold labels, and with ``documents: trust`` the answers of the sources. With
``documents: ask`` a source's answer is verified where the champion, who does not see it, answers the same. Any
other answer is as sure as the champion's draws agree, or as likely as it finds the answer, calibrated on held-out
items. An item without an answer gets the one that most draws give.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from r1tailor.inference.answerer import Answerer
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example
from r1tailor.schema.update import Confidence
from r1tailor.update.calibration import fit
from r1tailor.update.day import Admitted
from r1tailor.update.voter import Voter, drawn, said

CERTAIN = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """An admitted item with its answer, and how sure that is (see ``day.Selected`` for the fields)."""

    admitted: Admitted
    confidence: float
    basis: str
    written: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the answers of a day.

    Attributes:
        answerer: the champion.
        voter: what answers stand for.
        settings: what counts as sure.
        known: held-out items of the domain, for the calibration.
        seed: of the day.
    """

    answerer: Answerer
    voter: Voter
    settings: Confidence
    known: Sequence[Example]
    seed: int

    def judge(self, admitted: Sequence[Admitted], *, everything: bool) -> list[Judged]:
        """Return each item with its confidence, in order.

        Args:
            admitted: the items.
            everything: whether the champion is asked about people's answers too, as the policy ``uncertain`` needs.
        """
        sure = {} if everything else self._sure(admitted)
        asked = [one for one in admitted if one.material.id not in sure]
        if not asked:
            return [sure[one.material.id] for one in admitted]
        calibrated = self._calibrated()
        for one, (output, confidence) in zip(asked, self._raw([o.material.example for o in asked]), strict=True):
            item, basis = one.material, "agreement" if self.settings.samples else "likelihood"
            filled = item if item.labelled else replace(item, example=replace(item.example, output=output))
            sure[item.id] = Judged(
                replace(one, material=filled), round(calibrated(confidence), 6), basis, written=not item.labelled
            )
        return [sure[one.material.id] for one in admitted]

    def _sure(self, admitted: Sequence[Admitted]) -> dict[str, Judged]:
        """Return what people or sources answered, or the champion verifies."""
        people = [one for one in admitted if one.material.kind != "document" and one.material.labelled]
        found = {one.material.id: Judged(one, CERTAIN, "person") for one in people}
        documents = [one for one in admitted if one.material.kind == "document" and one.material.labelled]
        if self.settings.documents == "trust":
            return found | {one.material.id: Judged(one, CERTAIN, "source") for one in documents}
        examples = [one.material.example for one in documents]
        for one, texts in zip(documents, drawn(self.answerer, examples, 1, GREEDY), strict=True):
            example = one.material.example
            wanted = self.voter.vote(example, example.output)
            if wanted and any(self.voter.vote(example, text) == wanted for text in texts):
                found[one.material.id] = Judged(one, CERTAIN, "verifier")
        return found

    def _calibrated(self) -> Callable[[float], float]:
        """Return what calibrates a confidence: fitted on the champion's own answers to held-out items."""
        most = self.settings.calibration_items if self.settings.calibration != "none" else 0
        items = sorted(self.known, key=lambda one: hashlib.sha256(f"{self.seed} {one.id}".encode()).digest())[:most]
        answered = self._raw([replace(item, output="", reasoning="") for item in items], known=items)
        right = [
            bool(wanted) and self.voter.vote(item, output) == wanted
            for item, (output, _) in zip(items, answered, strict=True)
            for wanted in (self.voter.vote(item, item.output),)
        ]
        return fit(self.settings.calibration, [confidence for _, confidence in answered], right)

    def _raw(self, examples: Sequence[Example], known: Sequence[Example] = ()) -> list[tuple[str, float]]:
        """Return answer and confidence of each example: its own answer's where it has one, else the champion's.

        ``known`` are the same examples with their answers: a number is only read as one where the reference is one.
        """
        if not examples:
            return []
        if not self.settings.samples:
            return self._likely(examples)
        sampling = Sampling(temperature=self.settings.temperature, top_p=self.settings.top_p, seed=self.seed)
        draws = drawn(self.answerer, examples, self.settings.samples, sampling)
        return [
            self._agreed(example, reference, texts)
            for example, reference, texts in zip(examples, known or examples, draws, strict=True)
        ]

    def _agreed(self, example: Example, reference: Example, texts: Sequence[str]) -> tuple[str, float]:
        votes = [self.voter.vote(reference, text) for text in texts]
        if example.output:
            wanted = self.voter.vote(example, example.output)
            return example.output, votes.count(wanted) / self.settings.samples if wanted else 0.0
        (most, count), *_ = Counter(filter(None, votes)).most_common(1) or [("", 0)]
        if not most:
            return "", 0.0
        label = most if self.voter.labels_of(example) else said(texts[votes.index(most)]).strip()
        return label, count / self.settings.samples

    def _likely(self, examples: Sequence[Example]) -> list[tuple[str, float]]:
        """Return answers and their likelihood: of a label among its closed set, else of a token on average."""
        closed = [self.voter.labels_of(example) for example in examples]
        ranked = self.answerer.rank(examples, closed) if any(closed) else [()] * len(examples)
        open_ = [example for example, labels in zip(examples, closed, strict=True) if not labels]
        answers = iter(self._answered(open_))
        return [
            self._of_label(example, labels, scores) if labels else next(answers)
            for example, labels, scores in zip(examples, closed, ranked, strict=True)
        ]

    def _of_label(self, example: Example, labels: Sequence[str], scores: Sequence[float]) -> tuple[str, float]:
        shares = np.exp(np.asarray(scores) - max(scores))
        shares = shares / shares.sum()
        if example.output:
            label = self.voter.vote(example, example.output)
            return example.output, float(shares[labels.index(label)]) if label in labels else 0.0
        best = int(shares.argmax())
        return labels[best], float(shares[best])

    def _answered(self, examples: Sequence[Example]) -> list[tuple[str, float]]:
        """Return the answers to open questions, the examples' own where they have one, and their likelihood."""
        missing = [example for example in examples if not example.output]
        written = iter(drawn(self.answerer, missing, 1, GREEDY))
        outputs = [example.output or said(next(iter(next(written)), "")).strip() for example in examples]
        there = [(example, output) for example, output in zip(examples, outputs, strict=True) if output]
        scores = iter(self.answerer.score([e for e, _ in there], [o for _, o in there]) if there else ())
        found = []
        for output in outputs:
            one = next(scores) if output else None
            found.append((output, math.exp(one.log_likelihood / one.tokens) if one and one.tokens else 0.0))
        return found
