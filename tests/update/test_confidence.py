"""How sure an answer is: people, verifier, agreement, likelihood."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from r1tailor.inference.answerer import Likelihood, Progress, Prompt, silent
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.update.confidence import Judge, Judged
from r1tailor.update.day import Admitted, Kind, Material
from r1tailor.update.voter import Voter
from tests.support.attacks import Scripted

Judging = Callable[..., list[Judged]]
COLOURS = ("red", "green", "blue")


class _Scored(Scripted):
    """Half as likely a token the longer the answer."""

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        assert responses is not None
        return [Likelihood(-math.log(2) * len(text), len(text)) for text in responses]


def _item(id_: str, asked: str, output: str = "", kind: Kind = "document") -> Admitted:
    return Admitted(Material(id_, kind, Example(id_, "Which?", asked, output), "s", "2026-01-01"))


@pytest.fixture
def judging(settings: Callable[..., Settings]) -> Judging:
    def judge(
        items: Sequence[Admitted],
        told: Callable[[Example], str],
        *overrides: str,
        labels: Sequence[str] = COLOURS,
        known: Sequence[Example] = (),
        everything: bool = False,
    ) -> list[Judged]:
        prefix = "update.select.confidence"
        composed = settings("domain=generic", "domain.sources.0.path=x", *(f"{prefix}.{one}" for one in overrides))
        judge_ = Judge(
            _Scored(told, "blue"), Voter(composed.domain, labels), composed.update.select.confidence, known, 7
        )
        return judge_.judge(items, everything=everything)

    return judge


def _summary(judged: Sequence[Judged]) -> list[tuple[str, float, str, bool]]:
    return [(j.admitted.material.example.output, j.confidence, j.basis, j.written) for j in judged]


def test_what_people_and_trusted_sources_say_is_certain_and_nobody_is_asked(judging: Judging) -> None:
    def refuse(_: Example) -> str:
        raise AssertionError("asked")

    items = [_item("a", "x", "red", "correction"), _item("b", "y", "red", "label"), _item("c", "z", "red")]
    assert _summary(judging(items, refuse)) == [
        ("red", 1.0, "person", False),
        ("red", 1.0, "person", False),
        ("red", 1.0, "source", False),
    ]


def test_an_unanswered_item_gets_the_answer_that_most_draws_give(judging: Judging) -> None:
    said = iter(["It is red.", "blue", "red", "", "red!"])
    assert _summary(judging([_item("a", "x")], lambda _: next(said))) == [("red", 0.6, "agreement", True)]
    free = iter(["Yes, it is.", "no", "yes, it  is.", "no no", "YES, it is."])
    assert _summary(judging([_item("a", "x")], lambda _: next(free), labels=())) == [
        ("Yes, it is.", 0.6, "agreement", True)
    ]
    assert _summary(judging([_item("a", "x")], lambda _: "")) == [("", 0.0, "agreement", True)]


def test_a_source_is_verified_where_the_champion_answers_the_same_without_seeing_it(judging: Judging) -> None:
    items = [_item("a", "x", "red"), _item("b", "y", "green")]
    found = judging(items, lambda _: "Surely red.", "documents=ask")
    assert _summary(found) == [("red", 1.0, "verifier", False), ("green", 0.0, "agreement", False)]


def test_the_policy_that_asks_everything_asks_about_peoples_answers_too(judging: Judging) -> None:
    said = iter(["red", "red", "blue", "red", "red"])
    found = judging([_item("a", "x", "red", "correction")], lambda _: next(said), everything=True)
    assert _summary(found) == [("red", 0.8, "agreement", False)]


def test_without_draws_the_likelihood_among_the_labels_counts(judging: Judging) -> None:
    (one,) = judging([_item("a", "x")], lambda _: "", "samples=0")
    share = 1 / (1 + 2 * math.exp(-1))
    assert (one.admitted.material.example.output, one.basis, one.written) == ("blue", "likelihood", True)
    assert one.confidence == pytest.approx(share, abs=1e-5)
    (other,) = judging([_item("a", "x", "red")], lambda _: "", "samples=0", everything=True)
    assert other.confidence == pytest.approx((1 - share) / 2, abs=1e-5)


def test_without_labels_it_is_the_mean_likelihood_of_a_token(judging: Judging) -> None:
    items = [_item("a", "x"), _item("b", "y", "some words"), _item("c", "w")]
    found = judging(
        items, lambda e: "" if e.input == "w" else "words", "samples=0", "documents=ask", labels=(), everything=True
    )
    assert _summary(found) == [
        ("words", 0.5, "likelihood", True),
        ("some words", 0.5, "likelihood", False),
        ("", 0.0, "likelihood", True),
    ]


def test_confidence_is_calibrated_on_held_out_items(judging: Judging) -> None:
    known = [Example(f"k{n}", "Which?", f"thing {n}", COLOURS[n % 2]) for n in range(40)]
    for method in ("isotonic", "platt"):
        found = judging([_item("a", "x")], lambda _: "red", f"calibration={method}", known=known)
        assert found[0].confidence == pytest.approx(0.5, abs=0.05), method
    assert judging([_item("a", "x")], lambda _: "red", "calibration=none", known=known)[0].confidence == 1.0
    assert all(replace(one, output="") for one in known)
