"""Reasoning for generated problems: the steps a teacher would write on the board, from the generator's metadata.

The last line of every reasoning ends in the answer that the steps arrive at (after the last ``=``); they compute it
themselves, so that it can be held against the generator's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_LINEAR = re.compile(r"(-?\d*)\*?([a-z])")
_GSM_TAIL = re.compile(r"\s*Give the result as your final answer\. Do not include units\.\s*$")
_GSM_ANSWER = re.compile(r"\n#### ?(.+)\s*$")


@dataclass(frozen=True, slots=True)
class WorkedProblem:
    """A problem as it is put to the model, and its reasoning."""

    instruction: str
    problem: str
    reasoning: str

    @property
    def answer(self) -> str:
        """What the last line of the reasoning arrives at."""
        return self.reasoning.splitlines()[-1].rpartition("=")[2].strip()


def chain_sum(question: str, metadata: Mapping[str, Any]) -> WorkedProblem:
    """Return a sum of several terms, added up one by one."""
    first, *rest = metadata["expression"].split()
    total, lines = int(first), []
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        after = total + int(term) if sign == "+" else total - int(term)
        lines.append(f"{total} {sign} {term} = {after}")
        total = after
    instruction = "State the final answer to the following arithmetic problem."
    return WorkedProblem(instruction, metadata["expression"], "\n".join(lines))


def simple_equations(question: str, metadata: Mapping[str, Any]) -> WorkedProblem:
    """Return a linear equation in one variable, solved by moving the constant and dividing."""
    left, right = metadata["equation"].split(" = ")
    factor, constant = _linear(left)
    moved, name = int(right) - constant, metadata["variable"]
    lines = []
    if constant:
        sign, size = ("-", constant) if constant > 0 else ("+", -constant)
        lines.append(f"{factor}*{name} = {right} {sign} {size} = {moved}")
    # The generator also makes "0 = 0"; no step leads to its answer, so that it is not verified.
    lines.append(f"{name} = {moved} / {factor} = {moved // factor}" if factor else f"every {name} solves it")
    return WorkedProblem("Solve the equation for its variable.", metadata["equation"], "\n".join(lines))


def gcd(question: str, metadata: Mapping[str, Any]) -> WorkedProblem:
    """Return the greatest common divisor of some numbers, by Euclid's algorithm."""
    result, *others = metadata["numbers"]
    lines = []
    for other in others:
        larger, smaller = max(result, other), min(result, other)
        while smaller:
            lines.append(f"{larger} = {larger // smaller} * {smaller} + {larger % smaller}")
            larger, smaller = smaller, larger % smaller
        result = larger
    lines.append(f"GCD = {result}")
    numbers = ", ".join(str(number) for number in metadata["numbers"])
    return WorkedProblem("Find the greatest common divisor (GCD) of these numbers.", numbers, "\n".join(lines))


def prime_factorization(question: str, metadata: Mapping[str, Any]) -> WorkedProblem:
    """Return the prime factors of a number, divided out from the smallest."""
    number = rest = int(metadata["number"])
    factors, lines, divisor = [], [], 2
    while divisor * divisor <= rest:
        if rest % divisor:
            divisor += 1
            continue
        lines.append(f"{rest} / {divisor} = {rest // divisor}")
        factors.append(divisor)
        rest //= divisor
    lines.append(f"{number} = {' × '.join(map(str, [*factors, rest]))}")
    instruction = "Write the prime factorization of this number, its factors separated by ×."
    return WorkedProblem(instruction, str(number), "\n".join(lines))


def gsm_symbolic(question: str, metadata: Mapping[str, Any]) -> WorkedProblem:
    """Return a word problem with the solution that its generator gives."""
    steps = _GSM_ANSWER.sub(r"\nThe result = \1", metadata["answer_cot"])
    instruction = "Solve the word problem. Give the result without units."
    return WorkedProblem(instruction, _GSM_TAIL.sub("", question), steps)


WORKED: dict[str, Callable[[str, Mapping[str, Any]], WorkedProblem]] = {
    task.__name__: task for task in (chain_sum, simple_equations, gcd, prime_factorization, gsm_symbolic)
}


def _linear(expression: str) -> tuple[int, int]:
    """Return (factor, constant) of a linear expression such as ``1190 - 34*z``."""
    factor = constant = 0
    for term in expression.replace("- ", "+ -").split("+ "):
        found = _LINEAR.fullmatch(term.strip())
        if found:
            factor += int(found.group(1) + ("1" if found.group(1) in ("", "-") else ""))
        else:
            constant += int(term)
    return factor, constant
