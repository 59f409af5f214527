"""Does the language model read its window? A planted signal: only the time series holds the answer.

    python tests/benchmarks/temporal.py                 # a toy model, about two minutes on one free core
    python tests/benchmarks/temporal.py --model smollm2 # the embedded model

Each window rises or falls along its first channel, under noise, and the text gives no hint. A model tuned with windows
should answer correctly; one tuned on the text alone cannot. The first, given another example's window or an empty one,
should fall to chance; otherwise it read the answer elsewhere. Training and evaluation use the product's code
(``training.fit``, ``inference``, the generic domain's scores).

The toy model has random weights, which adapters alone cannot train; it therefore first learns, with full weights, to
give the answer stated in a text. No windows are used for that.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from r1tailor import artifact, config
from r1tailor.domain import open_domain
from r1tailor.evaluation.market.ablation import shuffled, zeroed
from r1tailor.inference.local import open_tuned
from r1tailor.inference.predict import predict
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.training import trained

LABELS = ("rise", "fall")
STEPS, NOISE = 32, 0.7
DOMAIN = ("domain=generic", "domain.sources.0.path=none.jsonl", f"domain.task.labels=[{','.join(LABELS)}]")
RUN = ("trainer.max_steps=null", "trainer.validation_examples=32", "evaluation.max_answer_tokens=16")
TOY = ("trainer.precision=fp32", "trainer.batch_size=16", "optimizer.lr=1e-3")
STRATEGIES = {"lora": ("strategy=lora", "strategy.target_modules=all_linear"), "full": ("strategy=full",)}


def planted(count: int, seed: int) -> list[Example]:
    """Return examples whose windows [32][2] alone hold the answer; half rise and half fall, so chance is 0.5."""
    numbers = random.Random(seed)
    return [_planted(f"planted-{seed}/{i}", LABELS[i % 2], numbers) for i in range(count)]


def _planted(name: str, label: str, numbers: random.Random) -> Example:
    slope = 2.0 if label == "rise" else -2.0
    series = tuple(
        (round(slope * (step / (STEPS - 1) - 0.5) + numbers.gauss(0, NOISE), 4), round(numbers.gauss(0, 1), 4))
        for step in range(STEPS)
    )
    return Example(name, "Rise or fall?", f"note {numbers.randrange(1000)}", label, series=series)


def told(count: int, seed: int) -> list[Example]:
    """Return examples without windows whose text states the answer in other words."""
    words = {"rise": "up", "fall": "down"}
    return [
        replace(example, input=f"{example.input} {words[example.output]}", series=())
        for example in planted(count, seed)
    ]


def toy_base(folder: Path, examples: int) -> tuple[str, ...]:
    """Train a toy model to give the answer stated in its text; return the overrides that select it."""
    epochs = ("trainer.max_epochs=4", "model.hidden_size=64")
    settings = config.load([*DOMAIN, "model=tiny_llama", *STRATEGIES["full"], *RUN, *TOY, *epochs])
    trained(settings, {"train": told(examples, 1), "validation": told(32, 2)}, folder)
    return ("model=local", f"model.path={folder / 'model'}", *TOY, "trainer.max_epochs=4")


def accuracies(
    settings: Settings, examples: Sequence[Example], folder: Path, items: dict[str, list[Example]]
) -> dict[str, float]:
    """Fine-tune, and return the accuracy of the generated answers on each list of items."""
    trained(settings, {"train": examples[32:], "validation": examples[:32]}, folder)
    tuned = open_tuned(artifact.read(folder / "model"), settings, config.ROOT)
    domain = open_domain(settings.domain, [])
    found = {}
    for name, held_out in items.items():
        made = predict(tuned, held_out, [LABELS] * len(held_out), lambda _: None)
        scores = [domain.score(item, answer)["label_accuracy"] for item, answer in zip(held_out, made, strict=True)]
        found[name] = sum(scores) / len(scores)
    return found


def measure(base: Sequence[str], strategy: str, count: int, held_out: int, folder: Path) -> dict[str, float]:
    """Return the accuracies of one strategy: with true, shuffled and zeroed windows, and tuned on the text alone."""
    settings = config.load([*DOMAIN, *STRATEGIES[strategy], *RUN, *base])
    test = [replace(e, fields={"entities": []}) for e in planted(held_out, 4)]
    items = {"temporal": test, "shuffled": shuffled(test, seed=5), "zeroed": zeroed(test)}
    found = accuracies(settings, planted(count, 3), folder / strategy, items)
    bare = [replace(example, series=()) for example in planted(count, 3)]
    alone = accuracies(settings, bare, folder / f"{strategy}-text", {"text": [replace(e, series=()) for e in test]})
    return {f"{strategy}_{name}": value for name, value in (found | alone).items()}


def main() -> None:
    """Measure both strategies and print the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="toy", help="toy, or a model of conf/model")
    parser.add_argument("--examples", type=int, default=1200)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("overrides", nargs="*", help="of the composition")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        base = toy_base(folder / "base", given.examples) if given.model == "toy" else (f"model={given.model}",)
        found: dict[str, float] = {}
        for strategy in given.strategies:
            found |= measure((*base, *given.overrides), strategy, given.examples, given.held_out, folder)
    print(f"model={given.model}", *(f"{name}={value:.3f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
