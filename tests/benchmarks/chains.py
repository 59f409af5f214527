"""Long verified reasoning: ``chains.py COUNT SEED FILE``, in an environment with reasoning-gym.

Each line of the file is a sum of many terms, its solution term by term, and its answer. The answer is the
solution's last partial sum, and reasoning-gym's verifier accepts it.
"""

import json
import sys
from pathlib import Path

import reasoning_gym


def main() -> None:
    """Write the chains."""
    count, seed, target = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sums = reasoning_gym.create_dataset(
        "chain_sum", size=count, seed=seed, min_terms=10, max_terms=22, min_digits=2, max_digits=4
    )
    with target.open("w", encoding="utf-8") as file:
        for entry in sums:
            reasoning, answer = solution(entry["metadata"]["expression"])
            if sums.score_answer(answer, entry) != 1.0:
                raise ValueError(f"{entry['question']}: the verifier refuses {answer}")
            row = {"question": entry["question"], "reasoning": reasoning, "answer": answer}
            file.write(json.dumps(row) + "\n")


def solution(expression: str) -> tuple[str, str]:
    """Return the partial sums of an expression such as ``12 - 5 + 7``, one per line, and the last one.

    >>> solution("12 - 5 + 7")
    ('12 - 5 = 7\\n7 + 7 = 14', '14')
    """
    first, *rest = expression.split()
    total, lines = int(first), []
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        after = total + int(term) if sign == "+" else total - int(term)
        lines.append(f"{total} {sign} {term} = {after}")
        total = after
    return "\n".join(lines), str(total)


if __name__ == "__main__":
    main()
