"""A dialogue about a worked problem: the tutor gives the first step, the pupil errs or asks why, the tutor corrects.

Until the pupil has tried, no turn of the tutor holds the answer. What the pupil gets wrong is a step of the worked
solution whose last number is another one; what the tutor answers is that step as it was worked out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from r1tailor.domain.worked_steps import WorkedProblem
from r1tailor.records import Turn

Stage = Literal["hint", "reason", "correction", "result"]
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_ASKS = {
    "chain_sum": "What is {problem}?",
    "simple_equations": "Solve {problem}.",
    "gcd": "What is the GCD of {problem}?",
    "prime_factorization": "Which prime factors has {problem}?",
}
_BEGINS = ("How do I begin?", "I do not know where to start.", "What do I do first?")
_ASKS_WHY = ("Why is that the first step?", "Why do you do that?", "I do not see why.")
_TRIES = ("Then I get {step}.", "So it is {step}?", "My next step: {step}.")
_ASKS_RESULT = ("And the result?", "What is the result, then?", "How does it end?")
_REASONS = {
    "chain_sum": "Terms are added and taken away from left to right, two numbers at a time.",
    "simple_equations": "The same is done on both sides, so that the variable's term is left alone.",
    "gcd": "What divides both numbers divides the remainder too, so the smaller pair has the same GCD.",
    "prime_factorization": "The smallest prime that divides the number is divided out first; the rest is smaller.",
    "gsm_symbolic": "The result depends on this amount, so it is worked out first.",
}
_DEFAULT_REASON = "The steps that follow need what this one gives."


@dataclass(frozen=True)
class Taught:
    """A turn of the tutor.

    Attributes:
        stage: ``hint`` and ``reason`` come before the pupil has tried, ``correction`` and ``result`` after.
        turn: what is said, with the worked solution as its reasoning.
        steps: the steps of the solution that it states.
    """

    stage: Stage
    turn: Turn
    steps: tuple[str, ...]


def dialogue(
    worked: WorkedProblem, task: str, answer: str, gives_away: Callable[[str], bool], seed: str
) -> list[Turn | Taught]:
    """Return the turns of a dialogue, those of the pupil as they are; empty where a problem allows none.

    It needs two steps, and its answer must stand neither in the problem nor in the first step.

    Args:
        worked: the problem and its steps.
        task: name of its generator.
        answer: as the generator gives it.
        gives_away: whether a text states the answer.
        seed: of the pupil's words and mistakes.
    """
    random = Random(seed)
    steps = [step.strip() for step in worked.reasoning.splitlines() if step.strip()]
    if len(steps) < 2 or gives_away(worked.problem) or gives_away(steps[0]):
        return []
    wrong = _wrong(steps[1], random)
    if not wrong or gives_away(wrong):
        return []

    def tutor(stage: Stage, text: str, *said: str) -> Taught:
        return Taught(stage, Turn("assistant", text, worked.reasoning, trained=True), said)

    def pupil(*phrases: str) -> Turn:
        return Turn("user", random.choice(phrases).replace("{step}", wrong))

    problem = _ASKS.get(task, "{problem}").replace("{problem}", worked.problem)
    begin = Turn("user", f"{problem} {random.choice(_BEGINS)}")
    hint = tutor("hint", f"{steps[0]}\nWhat is the next step?", steps[0])
    ended = f"The answer is {answer}."
    if random.random() < 0.5:
        reason = tutor("reason", f"{_REASONS.get(task, _DEFAULT_REASON)} Try the next step.")
        result = tutor("result", "\n".join(("Not quite.", *steps[1:], ended)), *steps[1:])
        return [begin, hint, pupil(*_ASKS_WHY), reason, pupil(*_TRIES), result]
    correction = tutor("correction", f"Not quite.\n{steps[1]}", steps[1])
    result = tutor("result", "\n".join((*steps[2:], ended)), *steps[2:])
    return [begin, hint, pupil(*_TRIES), correction, pupil(*_ASKS_RESULT), result]


def _wrong(step: str, random: Random) -> str:
    """Return a step with another last number; empty where it has none."""
    found = _LAST_NUMBER.search(step)
    if not found:
        return ""
    other = int(found.group()) + random.choice((-2, -1, 1, 2, 10))
    return step[: found.start()] + str(abs(other) or 3) + step[found.end() :]
