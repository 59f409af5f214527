"""Does the language model read its window? A planted signal, and the windows of the S&P 500.

    python -m tests.benchmarks.temporal                                # planted; a toy model, two minutes
    python -m tests.benchmarks.temporal --model smollm2                # planted; the embedded model
    python -m tests.benchmarks.temporal --finance attainable           # what plain models and the encoder alone reach
    python -m tests.benchmarks.temporal --finance --folder F --seeds 1 2 3 4 5   # the embedded model, as typed

*Planted.* Each window rises or falls along its first channel, under noise, and the text gives no hint. A model tuned
with windows should answer correctly; one tuned on the text alone cannot. The first, given another example's window or
an empty one, should fall to chance; otherwise it read the answer elsewhere. Training and evaluation use the product's
code (``training.fit``, ``inference``, the generic domain's scores).

The toy model has random weights, which adapters alone cannot train; it therefore first learns, with full weights, to
give the answer stated in a text. No windows are used for that.

*Finance.* The domain as it is composed (``domain=finance strategy=full`` and what else is given), with the accuracy of
generated answers on held-out items of each task, next to the answer that is most frequent in training. Three arms train
on the same prompts and answers: ``windows`` has the real windows, ``shuffled`` has each example's window replaced by
another's before training, ``planted`` has windows in which the label is easy to see. A run that was stopped continues:
each arm of each seed writes a JSON into the folder once it is done, and its training resumes from its checkpoint.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from r1tailor import artifact, config, sources, store
from r1tailor.domain import Domain, open_domain
from r1tailor.evaluation.market.ablation import shuffled, zeroed
from r1tailor.evaluation.market.decisions import evenly
from r1tailor.inference.local import open_tuned
from r1tailor.inference.predict import predict
from r1tailor.instruction.build import build
from r1tailor.model.temporal import EncoderShape, TemporalEncoder
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


# --- the finance domain ------------------------------------------------------------------------------------------

ARMS = ("windows", "shuffled", "planted")
SHOWN = ("trend", "volatility")  # the tasks whose answer stands in the window
PROBE_STEPS, PROBE_BATCH, PROBE_RATE = (22, 86, 258), 16, 1e-3
Parts = Mapping[str, Sequence[Example]]


def finance_parts(settings: Settings) -> tuple[Domain, Parts]:
    """Return the finance domain and its split."""
    documents = [document for source in settings.domain.sources for document in sources.read(source, config.ROOT, [])]
    domain = open_domain(settings.domain, documents)
    return domain, build(domain, settings.seed).parts


def with_arm(arm: str, examples: Sequence[Example], domain: Domain, seed: int) -> list[Example]:
    """Return the examples with the windows of an arm."""
    if arm == "shuffled":
        return shuffled(examples, seed)
    numbers = random.Random(seed)
    return [_in_window(e, domain, numbers) for e in examples] if arm == "planted" else list(examples)


def _in_window(example: Example, domain: Domain, numbers: random.Random) -> Example:
    """Return the example with a window of noise whose first channel rises, stays or falls with the label."""
    slope = 2.0 - 2.0 * domain.labels_of(example).index(example.fields["label"])
    last = len(example.series) - 1
    series = tuple(
        tuple(
            round(numbers.gauss(slope * (step / last - 0.5) if channel == 0 else 0.0, NOISE), 4)
            for channel in range(len(day))
        )
        for step, day in enumerate(example.series)
    )
    return replace(example, series=series)


def held_out_items(test: Sequence[Example], tasks: Sequence[str], count: int) -> list[Example]:
    """Return so many test examples of each task, spread over time."""
    return [item for task in tasks for item in evenly([e for e in test if e.fields["task"] == task], count)]


def measure_finance(settings: Settings, arm: str, count: int, folder: Path) -> dict[str, float]:
    """Fine-tune on one arm; return the accuracy of each task, of the constant answer, and the run's steps and time."""
    path = folder / f"{arm}.json"
    if path.exists():
        found: dict[str, float] = store.read_json(path)
        return found
    domain, parts = finance_parts(settings)
    of_arm = {part: with_arm(arm, parts[part], domain, settings.seed) for part in ("train", "validation", "test")}
    began = time.monotonic()
    run = trained(settings, {part: of_arm[part] for part in ("train", "validation")}, folder / arm)
    seconds = time.monotonic() - began
    tasks = settings.domain.task.tasks  # type: ignore[attr-defined]
    items = held_out_items(of_arm["test"], tasks, count)
    tuned = open_tuned(artifact.read(folder / arm / "model"), settings, config.ROOT)
    made = predict(tuned, items, [domain.labels_of(item) for item in items], lambda _: None)
    constant = domain.majority_answer(parts["train"])
    found = {"steps": float(run["steps"]), "seconds": seconds}
    for task in tasks:
        pairs = [(item, one) for item, one in zip(items, made, strict=True) if item.fields["task"] == task]
        found[task] = float(np.mean([domain.score(item, one)[f"{task}_accuracy"] for item, one in pairs]))
        always = [domain.score(item, replace(one, generated=constant))[f"{task}_accuracy"] for item, one in pairs]
        found[f"{task} constant"] = float(np.mean(always))
    store.write_json(path, found)
    return found


def run_finance(given: argparse.Namespace) -> None:
    """Measure every arm of every seed and print a row each, then the means."""
    model = "smollm2" if given.model == "toy" else given.model
    rows: dict[str, list[dict[str, float]]] = {arm: [] for arm in given.arms}
    for seed in given.seeds:
        settings = config.load(
            ["domain=finance", "strategy=full", "evaluation=split", f"model={model}", f"seed={seed}", *given.overrides]
        )
        for arm in given.arms:
            rows[arm].append(measure_finance(settings, arm, given.held_out, given.folder / f"seed-{seed}"))
            shown = " ".join(f"{name}={value:.3f}" for name, value in rows[arm][-1].items())
            print(f"seed={seed} arm={arm} {shown}", flush=True)
    for arm, found in rows.items():
        means = ((task, np.array([row[task] for row in found])) for task in SHOWN)
        shown = " ".join(f"{task}={each.mean():.3f} [{each.min():.3f}, {each.max():.3f}]" for task, each in means)
        print(f"arm={arm} seeds={len(found)} mean [least, most]: {shown}")


def attainable(settings: Settings, seeds: Sequence[int]) -> dict[str, list[dict[str, float]]]:
    """Return test accuracy by task of what reads the windows without a language model: a row a seed, by its name."""
    domain, parts = finance_parts(settings)
    found: dict[str, list[dict[str, float]]] = {"most frequent label": [{}], **{name: [{}] for name in _plain(0)}}
    for task in SHOWN:
        train, test = ([e for e in parts[part] if e.fields["task"] == task] for part in ("train", "test"))
        labels = domain.labels_of(test[0])
        wanted, truth = (np.array([labels.index(e.fields["label"]) for e in part]) for part in (train, test))
        seen, asked = (_ends(np.array([e.series for e in part])) for part in (train, test))
        found["most frequent label"][0][task] = float((truth == np.bincount(wanted).argmax()).mean())
        for name, made in _plain(settings.seed).items():
            found[name][0][task] = float(made.fit(seen, wanted).score(asked, truth))
    for steps in PROBE_STEPS:
        name = f"encoder with a linear readout, {steps} steps of {PROBE_BATCH}"
        found[name] = [probe(settings, domain, parts, steps, seed) for seed in seeds]
    return found


def _ends(windows: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    return np.concatenate([windows[:, 0], windows[:, -1]], axis=1)


def _plain(seed: int) -> dict[str, Any]:
    """Return classifiers of the first and the last day of a window."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    logistic = LogisticRegression(max_iter=2000, random_state=seed)
    boosting = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=8, random_state=seed)
    return {"logistic regression, first and last day": logistic, "gradient boosting, first and last day": boosting}


def probe(settings: Settings, domain: Domain, parts: Parts, steps: int, seed: int) -> dict[str, float]:
    """Train the encoder of the composition with a linear readout in place of the language model."""
    tasks = settings.domain.task.tasks  # type: ignore[attr-defined]

    def tensors(part: str) -> tuple[Tensor, Tensor, Tensor]:
        examples = parts[part]
        places = [tasks.index(e.fields["task"]) for e in examples]
        labels = [domain.labels_of(e).index(e.fields["label"]) for e in examples]
        return torch.tensor([e.series for e in examples]), torch.tensor(places), torch.tensor(labels)

    windows, places, labels = tensors("train")
    torch.manual_seed(seed)
    size = settings.temporal.model_dump(exclude={"lr"})
    shape = EncoderShape(steps=windows.shape[1], channels=windows.shape[2], embedding=576, **size)
    encoder, readout = TemporalEncoder(shape), torch.nn.Linear(shape.tokens * shape.embedding, 3 * len(tasks))
    weights = [*encoder.parameters(), *readout.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=PROBE_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def logits(series: Tensor, of: Tensor) -> Tensor:
        return readout(encoder(series).flatten(1)).view(len(series), len(tasks), 3)[torch.arange(len(series)), of]

    for _ in range(steps):
        chosen = torch.randint(len(windows), (PROBE_BATCH,))
        loss = torch.nn.functional.cross_entropy(logits(windows[chosen], places[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
    windows, places, labels = tensors("test")
    with torch.no_grad():
        right = (logits(windows, places).argmax(1) == labels).double()
    return {task: float(right[places == tasks.index(task)].mean()) for task in SHOWN}


def run_attainable(given: argparse.Namespace) -> None:
    """Print the table of what is attainable, a mean over seeds with each seed's value."""
    composed = config.load(["domain=finance", "evaluation=split", *given.overrides])
    for name, rows in attainable(composed, given.seeds).items():
        shown = (
            f"{task} {np.mean([row[task] for row in rows]):.3f} {[round(row[task], 3) for row in rows]}"
            for task in SHOWN
        )
        print(f"{name}: {', '.join(shown)}")


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="toy", help="toy, or a model of conf/model")
    parser.add_argument("--examples", type=int, default=1200)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--finance", nargs="?", const="arms", choices=("arms", "attainable"))
    parser.add_argument("--folder", type=Path, default=Path("/tmp/temporal"), help="of --finance: resumed from there")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("overrides", nargs="*", help="of the composition, last")
    given = parser.parse_args()
    if given.finance:
        (run_finance if given.finance == "arms" else run_attainable)(given)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        base = toy_base(folder / "base", given.examples) if given.model == "toy" else (f"model={given.model}",)
        found: dict[str, float] = {}
        for strategy in given.strategies:
            found |= measure((*base, *given.overrides), strategy, given.examples, given.held_out, folder)
    print(f"model={given.model}", *(f"{name}={value:.3f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
