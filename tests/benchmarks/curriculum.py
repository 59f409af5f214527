"""Curriculum against random order at equal steps, paired by seed: ``python tests/benchmarks/curriculum.py``.

All runs share the examples, the held-out items and the number of optimizer steps; only the order of the examples
differs. Compared are the loss on the reference answers (nats per token) and the accuracy (by likelihood where a task
has a closed set of labels, else by the domain's scores), both on held-out items that were used for no choice. The
interval is Student's, over the differences per seed. Finished runs in ``--folder`` are not trained again.

A phased curriculum restarts the learning rate in each phase, so that it differs from random order in more than the
order. ``--over run`` lets the rate run on through the phases (``scheduler.over=run``); ``--over phase run`` measures
both: ``python tests/benchmarks/curriculum.py --domains education --curricula by_level --over phase run --steps 16``.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy import stats

from r1tailor import artifact, config, stages, store
from r1tailor.document_files import read_documents
from r1tailor.domain import Domain, open_domain
from r1tailor.inference.local import open_tuned
from r1tailor.inference.predict import predict
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example, Prediction
from r1tailor.schema.settings import Settings
from r1tailor.stage_outputs import sealed

CURRICULA = {"finance": ("by_task", "competence"), "education": ("by_level", "competence")}
RATE_RUNS_ON = "+run"  # after the name of an order: the learning rate runs over all phases
NEW_TOKENS = {"finance": 1, "education": 160}  # finance is scored by ranking; education writes its steps first
PREPARATION = (stages.collect, stages.clean, stages.annotate, stages.instruct)


def main() -> None:
    """Run all combinations; print one line for each, then the comparisons."""
    options = _options()
    compared: dict[str, float] = {}
    for domain in options.domains:
        prepared = _prepared(domain, options)
        curricula = list(_curricula(domain, options))
        orders = ("shuffled", *curricula)
        scores = {order: [_one(domain, order, seed, prepared, options) for seed in options.seeds] for order in orders}
        for order in curricula:
            for place, name in enumerate(("loss", "accuracy")):
                differences = [a[place] - b[place] for a, b in zip(scores[order], scores["shuffled"], strict=True)]
                compared |= _interval(f"{domain}_{order}_{name}", differences)
    print(" ".join(f"{name}={value:.4f}" for name, value in compared.items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", nargs="+", choices=CURRICULA, default=list(CURRICULA))
    every = sorted({order for orders in CURRICULA.values() for order in orders})
    parser.add_argument("--curricula", nargs="+", choices=every, default=every)
    parser.add_argument("--over", nargs="+", choices=("phase", "run"), default=["phase"], help="see above")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--strategy", default="lora")
    parser.add_argument("--steps", type=int, default=120, help="optimizer steps of each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="at least two")
    parser.add_argument("--items", type=int, default=200, help="held-out items, and as many to validate by")
    parser.add_argument("--folder", type=Path, default=config.ROOT / "outputs" / "runs" / "curriculum")
    parser.add_argument("--set", nargs="*", default=[], metavar="key=value", help="further overrides, the same for all")
    options = parser.parse_args()
    if len(options.seeds) < 2:
        parser.error("an interval over seeds needs at least two of them")
    return options


def _curricula(domain: str, options: argparse.Namespace) -> Iterator[str]:
    """Yield the orders to compare with a random one; of one phase, the rate is the same over phase and run."""
    for order in CURRICULA[domain]:
        for over in options.over if order in options.curricula else ():
            if over == "phase" or order != "competence":
                yield order + (RATE_RUNS_ON if over == "run" else "")


def _composed(domain: str, order: str, seed: int, options: argparse.Namespace) -> Settings:
    return config.load(
        [
            f"domain={domain}",
            f"model={options.model}",
            f"strategy={options.strategy}",
            f"curriculum={order.removesuffix(RATE_RUNS_ON)}",
            *(["scheduler.over=run"] if order.endswith(RATE_RUNS_ON) else []),
            f"seed={seed}",
            f"trainer.max_steps={options.steps}",
            "trainer.max_epochs=1000",
            f"trainer.validation_examples={options.items}",
            "trainer.early_stopping=null",  # equal steps
            f"evaluation.max_answer_tokens={NEW_TOKENS[domain]}",
            *options.set,
        ]
    )


def _prepared(domain: str, options: argparse.Namespace) -> RunFolder:
    """Make the examples once for all seeds, with the validation part cut to the size that is used."""
    run, settings = RunFolder(options.folder / domain), _composed(domain, "shuffled", 1, options)
    if not (run.examples / store.MANIFEST).exists():
        for stage in PREPARATION:
            stage(settings, run)
        file = run.examples / "validation.jsonl"
        examples = read_examples(file)
        with sealed(settings, run, "instruct"):
            write_records(file, _some(examples, options.items))
    return run


def _some(examples: Sequence[Example], count: int) -> list[Example]:
    chosen = random.Random(1).sample(range(len(examples)), min(count, len(examples)))
    return [examples[index] for index in sorted(chosen)]


def _one(domain: str, order: str, seed: int, prepared: RunFolder, options: argparse.Namespace) -> tuple[float, float]:
    """Train one combination and return its loss and accuracy; stored measurements are reused."""
    settings = _composed(domain, order, seed, options)
    run = RunFolder(prepared.path / f"{options.model}-{options.strategy}-{options.steps}" / f"{order}-{seed}")
    kept = run.path / f"measured-{options.items}.json"
    if not kept.exists():
        store.write_json(kept, _trained_and_measured(domain, settings, run, prepared, options))
    loss, accuracy = store.read_json(kept)
    print(f"{domain} {order} seed {seed}: loss {loss:.4f}, accuracy {accuracy:.4f}", flush=True)
    return loss, accuracy


def _trained_and_measured(
    domain: str, settings: Settings, run: RunFolder, prepared: RunFolder, options: argparse.Namespace
) -> tuple[float, float]:
    for name in ("collect", "clean", "annotate", "instruct"):
        link = run.path / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(prepared.path / name)
    stages.teach(settings, run)
    stages.train(settings, run)
    done = sum(store.read_json(run.phase(key) / "metrics.json")["steps"] for key in settings.curriculum.keys)
    if done != options.steps:
        sys.exit(f"{run.path}: {done} steps were taken, not {options.steps}")
    items = _some(read_examples(run.examples / "test.jsonl"), options.items)
    opened = open_domain(settings.domain, list(read_documents(prepared.annotated)))
    return _measured(opened, items, _predictions(settings, opened, items, run))


def _predictions(settings: Settings, domain: Domain, items: Sequence[Example], run: RunFolder) -> list[Prediction]:
    model = artifact.read(run.phase(settings.curriculum.final) / "model")
    tuned = open_tuned(model, settings, config.ROOT)
    return predict(tuned, items, [domain.labels_of(item) for item in items], lambda _: None)


def _measured(domain: Domain, items: Sequence[Example], made: Sequence[Prediction]) -> tuple[float, float]:
    loss = -sum(one.log_likelihood for one in made) / sum(one.tokens for one in made)
    name = next(metric.name for metric in domain.metrics if metric.kind == "proportion")
    right = [
        float(item.output.startswith(one.ranked)) if one.ranked else domain.score(item, one)[name]
        for item, one in zip(items, made, strict=True)
    ]
    return loss, statistics.fmean(right)


def _interval(name: str, differences: Sequence[float]) -> dict[str, float]:
    """Return the mean difference from random order over seeds, with its 95 % confidence interval."""
    mean, error = statistics.fmean(differences), stats.sem(differences)
    half = float(stats.t.ppf(0.975, len(differences) - 1) * error)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


if __name__ == "__main__":
    main()
