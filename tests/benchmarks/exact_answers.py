"""The decoder against plain ``generate`` in fp32, one prompt at a time: ``python -m tests.benchmarks.exact_answers``.

The embedded model, greedy: all of ICD-10's test items, a multi-turn set and long answers (512 tokens). An answer that
differs is told with its first token that does and with how near the two likeliest tokens were there: in fp32 two
orders of summation differ by about 1e-5, which decides only where two tokens are as near as that.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from r1tailor import config
from r1tailor.inference.wanted import Budget
from r1tailor.model import load
from r1tailor.records import Example, Turn
from tests.benchmarks.inference import ROOT, items
from tests.support.written import one_by_one, together

ROOM = Budget(memory=2**31, positions=4096, answers=150)
Asked = tuple[tuple[int, ...], int]  # a prompt, and the longest answer to it


def dialogues(count: int) -> Iterator[Example]:
    """Yield the second and third turns of a pupil's dialogue, ``count`` in all."""
    for number in range(count):
        a, b = 7 + number // 2, 3 + number % 9
        turns = (Turn("user", f"What is {a} times {b}?"), Turn("assistant", f"It is {a * b}."))
        more = (Turn("user", f"And {a + 1} times {b}?"), Turn("assistant", f"It is {(a + 1) * b}."))
        said = (*turns, *more) if number % 2 else turns
        yield Example(f"dialogue {number}", "Answer briefly.", "How do you know?", "", turns=said)


def compare(model: Any, chat: Any, asked: Sequence[Asked]) -> tuple[int, int]:  # noqa: ANN401
    """Return how many answers are equal and how many tokens were written; print a line for each one that differs."""
    prompts, longest = [prompt for prompt, _ in asked], [most for _, most in asked]
    ours, equal, written = together(model, prompts, longest, chat.end, ROOM), 0, 0
    for number, (prompt, most) in enumerate(tqdm(asked, mininterval=60)):
        (plain,) = one_by_one(model, [prompt], [most], chat.end)
        written += len(plain)
        equal += ours[number] == plain
        if ours[number] != plain:
            place = next(n for n, (a, b) in enumerate(zip(ours[number], plain, strict=False)) if a != b)
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([[*prompt, *plain[:place]]]), logits_to_keep=1).logits[0, -1]
            first, second = logits.topk(2).values.tolist()
            print(f"item {number}, token {place}: the two likeliest are {first - second:.1e} apart", flush=True)
    return equal, written


def main() -> None:
    """Print of each set how many answers are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answer", type=int, default=8, help="tokens of an ICD-10 answer")
    parser.add_argument("--dialogues", type=int, default=20)
    parser.add_argument("--long", type=int, default=4, help="answers of 512 tokens")
    parser.add_argument("--stages", type=Path, default=ROOT / "outputs" / "benchmarks" / "inference" / "stages")
    options = parser.parse_args()
    settings = config.load(["model=smollm2"]).model
    model = load.load_model(settings, config.ROOT, torch.float32, 1)
    chat = load.load_tokenizer(settings, config.ROOT)
    terms = [chat.prompt(example).prompt for example in items(options.stages)]
    turns = [chat.prompt(example).prompt for example in dialogues(options.dialogues)]
    sets = {
        "second and third turns, 80 tokens": [(prompt, 80) for prompt in turns],
        "long answers, 512 tokens": [(prompt, 512) for prompt in terms[: options.long]],
        f"ICD-10, {options.answer} tokens": [(prompt, options.answer) for prompt in terms],
    }
    for name, asked in sets.items():
        equal, written = compare(model, chat, asked)
        print(f"{name}: {equal} of {len(asked)} answers equal, {written:,} tokens", flush=True)


if __name__ == "__main__":
    main()
